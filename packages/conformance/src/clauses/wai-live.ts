import type { ClauseContext } from '../context.js';

/** Two round trips of the reader and a pause: what it had begun before, in turns of its own too, is under way. */
export async function live(t: ClauseContext): Promise<void> {
  await t.get(t.reader, [t.id()]);
  await t.sleep(PAUSE_MS);
  await t.get(t.reader, [t.id()]);
}

/** Several turns of the event loop. */
const PAUSE_MS = 5;
