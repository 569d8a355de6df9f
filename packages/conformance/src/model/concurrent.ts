import { setImmediate as turn } from 'node:timers/promises';
import type { ClauseContext, OpenStore } from '../context.js';
import type { Call, Draft } from './command.js';
import { createHistory } from './history.js';

/** More clients than handles, so that some calls share one. */
const CLIENTS = 5;
/** Short histories, and many of them: who reads a contradiction reads all of it. */
const CALLS_PER_CLIENT = 3;
/** Few, so that calls meet. */
const TASKS_IN_USE = 2;
const STATES = ['STARTED', 'RETRY', 'FAILURE', 'PROGRESS', 'SUCCESS'] as const;
/** Enough for calls of other handles to come in between. */
const MAX_LATENCY_MS = 3;

/** Clients at once over these handles, each of which does one random thing after another; a Violation where nothing explains it. */
export async function runConcurrently(t: ClauseContext, handles: readonly OpenStore[]): Promise<void> {
  const { random } = t;
  // A pair of stores knows no transaction: a delete between its two writes of one put leaves the second.
  const deletes = t.world.sides === undefined ? 3 : 0;
  if (t.facts.faults) {
    for (const handle of handles) await t.link(handle).latency(random.below(MAX_LATENCY_MS + 1));
  }
  const history = createHistory(t, false);

  const task = (): number => random.below(TASKS_IN_USE);
  const draft = (): Draft => {
    const state = STATES[random.below(STATES.length)] as Draft['state'];
    return { task: task(), state, deadline: 'none', laden: random.below(2) === 0 };
  };
  const call = (handle: number): Call => {
    const kind = random.below(9 + deletes);
    if (kind < 5) return { run: 'put', handle, records: kind === 0 ? [draft(), draft()] : [draft()] };
    return { run: kind < 9 ? 'get' : 'delete', handle, tasks: [task()] };
  };
  const client = async (): Promise<void> => {
    for (let i = 0; i < CALLS_PER_CLIENT; i += 1) {
      for (let pauses = random.below(3); pauses > 0; pauses -= 1) await turn();
      const handle = random.below(handles.length);
      await history.call(handles[handle] as OpenStore, call(handle));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  // What is there in the end counts too.
  await history.readAll(handles[0] as OpenStore, 0);

  const contradiction = history.contradiction();
  if (contradiction) t.fail(`${contradiction} (seed ${t.seed})`);
}
