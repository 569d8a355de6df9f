import { isResultError } from '@rb/core';
import type { ClauseContext } from '../context.js';
import { show } from '../evidence.js';
import { type FaultyStep, OWNER, stepText } from './command.js';
import { createHandles } from './handles.js';
import { createHistory } from './history.js';

/**
 * Runs calls one after the other while the wires of their handles are cut and healed; a Violation where no order of the
 * calls explains the answers. A call of unknown outcome explains either.
 */
export async function runFaulty(t: ClauseContext, steps: readonly FaultyStep[], isOver: () => boolean): Promise<void> {
  const handles = createHandles(t);
  const history = createHistory(t, true);
  const done: string[] = [];
  try {
    for (const step of steps) {
      if (isOver()) break;
      done.push(stepText(step));
      const handle = await handles.at(step.handle);
      const link = t.link(handle);
      if (step.run === 'cut') await link.cut({ refuse: step.refuse });
      else if (step.run === 'heal') await link.heal();
      else {
        if (step.cutAfter) {
          // Connected, if it can be: the bytes are to be those of the call, not those of a greeting.
          await handle.store.get([t.id()]).catch(() => {});
          await link.cutAfter(step.cutAfter.bytes, step.cutAfter.of);
        }
        await history.call(handle, step).catch((error: unknown) => {
          if (!isResultError(error)) throw error;
          t.fail(`${done.join('; ')}: expected an answer, or a retryable error, got ${show(error)}`);
        });
      }
    }
    // Through a wire that was never cut. To an owner messages travel: what is due may come a little later.
    await history.readAll(t.reader, t.facts.traits.readers === 'owner' ? t.settleMs : 0);
    const contradiction = history.contradiction();
    if (contradiction) t.fail(`${done.join('; ')}: ${contradiction}`);
  } finally {
    await handles.retire();
  }
}

/** A write whose request arrives and whose answer is lost: what an adapter must not hide by asking again. */
export const LOST_ANSWERS: readonly (readonly FaultyStep[])[] = [
  [
    { run: 'put', handle: 0, records: [{ task: 0, state: 'STARTED', deadline: 'none', laden: false }] },
    { run: 'delete', handle: 0, tasks: [0], cutAfter: { bytes: 0, of: 'replies' } },
  ],
  [
    {
      run: 'put',
      handle: 0,
      records: [{ task: 0, state: 'SUCCESS', deadline: 'none', laden: false }],
      cutAfter: { bytes: 0, of: 'replies' },
    },
  ],
];

/** Where only an owner reads, its wire is left alone, and it reads when all is over. */
export const forOwner = (steps: readonly FaultyStep[]): readonly FaultyStep[] =>
  steps
    .filter(({ run }) => run !== 'get' && run !== 'delete')
    .map((step) => ({ ...step, handle: step.handle === OWNER ? 0 : step.handle }));
