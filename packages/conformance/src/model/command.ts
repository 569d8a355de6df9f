import type { TaskState } from '@rb/core';
import fc from 'fast-check';

/** A record to put, in the few respects in which sequences differ. */
export interface Draft {
  /** Which task, from 0. */
  readonly task: number;
  readonly state: TaskState;
  /** 'past': it lies an hour back. */
  readonly deadline: 'none' | 'ahead' | 'past';
  /** Whether it carries meta and a traceback: what a later put must not keep. */
  readonly laden: boolean;
}

/** One call of a store. Handles are numbered from 0, shown as `A`, `B`, `C`. */
export type Call =
  | { readonly run: 'put'; readonly handle: number; readonly records: readonly Draft[] }
  | { readonly run: 'get' | 'delete'; readonly handle: number; readonly tasks: readonly number[] };

/** One step of a sequence in which nothing breaks. */
export type Command =
  | Call
  | { readonly run: 'close' | 'open'; readonly handle: number }
  /** In times of what a deadline ahead leaves. */
  | { readonly run: 'pass'; readonly lives: number };

/** One step of a sequence in which connections are lost. */
export type FaultyStep =
  | (Call & { readonly cutAfter?: CutAfter | undefined })
  | { readonly run: 'cut'; readonly handle: number; readonly refuse: boolean }
  | { readonly run: 'heal'; readonly handle: number };

/** During the call, once so many more bytes went one way. */
interface CutAfter {
  readonly bytes: number;
  readonly of: 'requests' | 'replies';
}

const HANDLES = 3;
export const TASKS = 3;

/** The clause's own reader, after those of the sequence: it is neither closed nor cut off. */
export const READER = 3;

/** The handle that reads where nobody but an owner does. */
export const OWNER = 1;

/** What a sequence may be made of, as far as a store and its harness go. */
export interface Grammar {
  readonly deadlines: boolean;
  /** Whether time can be made to pass. */
  readonly time: boolean;
  /** Results travel to an owner: it alone reads, it stays open, and it deletes nothing. */
  readonly owned: boolean;
}

/** The simplest first: that is what fast-check shrinks to. */
const STATES: readonly TaskState[] = [
  'STARTED',
  'SUCCESS',
  'RETRY',
  'FAILURE',
  'REVOKED',
  'RECEIVED',
  'PENDING',
  'HALFWAY',
];

const handle = fc.nat(HANDLES - 1);
/** One of them more often than the others: what goes wrong does so where calls meet. */
const task = fc.constantFrom(0, 0, 0, 1, 2);
const tasks = fc.array(task, { minLength: 1, maxLength: 4 });

const puts = (deadlines: boolean): fc.Arbitrary<Call> => {
  const deadline = fc.constantFrom<Draft['deadline']>(
    'none',
    ...(deadlines ? (['ahead', 'ahead', 'past'] as const) : []),
  );
  const draft = fc.record({
    task,
    state: fc.constantFrom(...STATES),
    deadline,
    laden: fc.boolean(),
  });
  return fc.record({
    run: fc.constant('put' as const),
    handle,
    records: fc.array(draft, { minLength: 1, maxLength: 3 }),
  });
};
const gets: fc.Arbitrary<Call> = fc.record({ run: fc.constant('get' as const), handle, tasks });
const deletes: fc.Arbitrary<Call> = fc.record({ run: fc.constant('delete' as const), handle, tasks });
const lives: fc.Arbitrary<Command> = fc.record({ run: fc.constantFrom('close' as const, 'open' as const), handle });
// Neither lands on a deadline, whatever came before: stores may be late by their resolution, and real time goes by too.
const passes: fc.Arbitrary<Command> = fc.record({
  run: fc.constant('pass' as const),
  lives: fc.constantFrom(1.4, 0.7),
});

const cutAfter: fc.Arbitrary<CutAfter> = fc.record({
  // No byte: the request arrives and nobody hears so, or it does not arrive at all. Some: somewhere within.
  bytes: fc.constantFrom(0, 0, 1, 20, 100),
  of: fc.constantFrom('replies', 'replies', 'requests'),
});
const withCut = (calls: fc.Arbitrary<Call>): fc.Arbitrary<FaultyStep> =>
  fc.tuple(calls, fc.option(cutAfter, { nil: undefined, freq: 3 })).map(([call, cut]) => ({ ...call, cutAfter: cut }));

export const sequences = ({ deadlines, time, owned }: Grammar): fc.Arbitrary<readonly Command[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: puts(deadlines) },
        { weight: 3, arbitrary: gets },
        { weight: owned ? 0 : 2, arbitrary: deletes },
        { weight: 1, arbitrary: lives },
        { weight: time ? 2 : 0, arbitrary: passes },
      ),
      { minLength: 1, maxLength: 25, size: 'max' },
    )
    .map((commands) => (owned ? commands.map(asOwned) : commands));

function asOwned(command: Command): Command {
  if (command.run === 'get') return { ...command, handle: OWNER };
  if (command.run === 'close' || command.run === 'open') return { ...command, handle: OWNER - 1 };
  return command;
}

/** Nothing expires in them: what an outage takes is not for a deadline to decide. */
export const faultySequences: fc.Arbitrary<readonly FaultyStep[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: withCut(puts(false)) },
    { weight: 3, arbitrary: withCut(deletes) },
    { weight: 2, arbitrary: withCut(gets) },
    { weight: 1, arbitrary: fc.record({ run: fc.constant('cut' as const), handle, refuse: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ run: fc.constant('heal' as const), handle }) },
  ),
  { minLength: 2, maxLength: 8, size: 'max' },
);

export const nameOf = (handle: number): string => String.fromCharCode('A'.charCodeAt(0) + handle);
const number = (task: number): string => `#${task + 1}`;

/** A step as a reader of a failure sees it: `B.put #1 SUCCESS`. */
export function stepText(step: Command | FaultyStep): string {
  if (step.run === 'pass') return `${step.lives} lives go by`;
  const name = nameOf(step.handle);
  switch (step.run) {
    case 'put':
    case 'get':
    case 'delete': {
      const cut = 'cutAfter' in step ? step.cutAfter : undefined;
      const loss = cut ? ` cut after ${cut.bytes} bytes of ${cut.of}` : '';
      return `${name}.${step.run} ${step.run === 'put' ? recordsText(step.records) : step.tasks.map(number).join(' ')}${loss}`;
    }
    case 'cut':
      return `${name} cut${step.refuse ? ' and refused' : ''}`;
    case 'heal':
      return `${name} healed`;
    case 'close':
    case 'open':
      return `${name}.${step.run}`;
    default:
      return step satisfies never;
  }
}

function recordsText(records: readonly Draft[]): string {
  const texts = records.map(({ task, state, deadline, laden }) => {
    const until = { none: '', ahead: ' for one life', past: ' long expired' }[deadline];
    return `${number(task)} ${state}${laden ? ' with meta' : ''}${until}`;
  });
  return texts.length === 1 ? `${texts[0]}` : `[${texts.join(', ')}]`;
}
