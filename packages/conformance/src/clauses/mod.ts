import type { Clause } from '../clause.js';
import { type FaultyStep, faultySequences, sequences } from '../model/command.js';
import { runConcurrently } from '../model/concurrent.js';
import { forOwner, LOST_ANSWERS, runFaulty } from '../model/faulty.js';
import { runSequence } from '../model/sequence.js';
import { findShortest } from '../model/shortest.js';

// So many find each of the saboteurs' bugs with any seed; on a slow server time ends first (see shortest.ts).
const SEQUENCES_PER_ROUND = 50;
const FAULTY_PER_ROUND = 20;
const HISTORIES_PER_ROUND = 80;

/** The model: random sequences and histories. */
export const MOD: readonly Clause[] = [
  {
    id: 'MOD-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Any sequence of put, get, delete, expiry, close and reopen over several handles gives what the reference model gives.',
    hint: 'The sequence shown is the shortest that goes wrong; its seed repeats it. Look for what a handle remembers of earlier calls.',
    source: 'packages/core/src/contract.ts as a program: src/model/model.ts of @rb/conformance',
    async run(t) {
      const owned = t.facts.traits.readers === 'owner';
      const deadlines = t.facts.capabilities.includes('expiry');
      const time = deadlines && t.facts.clock !== 'real';
      const runs = t.rounds(6) * SEQUENCES_PER_ROUND;
      await findShortest(t, sequences({ owned, deadlines, time }), runs, (sequence) => runSequence(t, sequence));
    },
  },
  {
    id: 'MOD-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'With connections cut between and during operations, every answer is one that the model allows.',
    hint: 'RB_UNAVAILABLE promises that nothing was done; where a request may have arrived, reject with RB_OUTCOME_UNKNOWN. What the adapter itself sends a second time has the answer of the second: do not give it as that of the call.',
    source:
      'packages/core/src/contract.ts, ResultStore.put; Wing and Gong, Testing and verifying concurrent objects, 1993',
    needs: ['faults'],
    async run(t) {
      const form = t.facts.traits.readers === 'owner' ? forOwner : (steps: readonly FaultyStep[]) => steps;
      await findShortest(
        t,
        faultySequences.map(form),
        t.rounds(3) * FAULTY_PER_ROUND,
        (sequence, isOver) => runFaulty(t, sequence, isOver),
        LOST_ANSWERS.map(form),
      );
    },
  },
  {
    id: 'MOD-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Concurrent histories over three handles are linearizable per id: each call acts at one moment between its start and its end.',
    hint: 'Decide a write in one statement or script; let no read share the answer of one that began before it.',
    source: 'Wing and Gong, Testing and verifying concurrent objects, 1993',
    needs: ['any-reader'],
    async run(t) {
      const handles = [t.writer, t.reader, await t.open()];
      const until = performance.now() + t.settleMs * t.rounds(1);
      for (let i = t.rounds(3) * HISTORIES_PER_ROUND; i > 0 && performance.now() < until; i -= 1) {
        await runConcurrently(t, handles);
      }
    },
  },
];
