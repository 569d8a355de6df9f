import fc from 'fast-check';
import type { ClauseContext } from '../context.js';
import { Violation } from '../evidence.js';

/** How often a failing sequence may be tried in another, shorter form. */
const MAX_TRIES = 400;

/** So many say something however slow the server is: the first may be empty. */
const MIN_RUNS = 5;

/**
 * Runs sequences made at random until one fails, and then looks for the shortest that fails; that one is run once more,
 * so that the timeline of the failure shows it. Bounded by time: a slow server is given fewer sequences.
 *
 * @param first Run before those made at random.
 */
export async function findShortest<Step extends object>(
  t: ClauseContext,
  sequences: fc.Arbitrary<readonly Step[]>,
  runs: number,
  run: (sequence: readonly Step[], isOver: () => boolean) => Promise<void>,
  first: readonly (readonly Step[])[] = [],
): Promise<void> {
  const limitMs = t.settleMs * t.rounds(1);
  let until = performance.now() + limitMs;
  let tries = 0;
  let begun = 0;
  let found: readonly Step[] | undefined;
  const isOver = (): boolean => performance.now() > until;

  const property = fc.asyncProperty(sequences, async (sequence) => {
    if ((isOver() && begun >= MIN_RUNS) || tries > MAX_TRIES) return;
    begun += 1;
    if (found) tries += 1;
    try {
      await run(sequence, isOver);
    } catch (error) {
      if (found === undefined) until = performance.now() + 2 * limitMs;
      found ??= sequence;
      throw error;
    }
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, {
    numRuns: runs,
    seed: t.random.below(2 ** 31),
    examples: first.map((sequence) => [sequence]),
  });
  if (!failed || counterexample === null) return;
  if (!(errorInstance instanceof Violation)) throw errorInstance;

  const [shortest, violation] = await cutDown(
    counterexample[0],
    errorInstance,
    (sequence) => run(sequence, isOver),
    isOver,
  );
  t.note('the shortest sequence that fails, once more:');
  const failsAgain = await run(shortest, () => false).then(
    () => false,
    () => true,
  );
  const origin = found && found.length > shortest.length ? `, made from ${found.length} commands` : '';
  const hint = failsAgain ? '' : '; run once more it passed, so it depends on timing';
  throw new Violation(`${violation.message} (seed ${t.seed}${origin}${hint})`);
}

/** fast-check takes away from the front; this takes away whatever else can go, one step or one part of a step at a time. */
async function cutDown<Step extends object>(
  sequence: readonly Step[],
  violation: Violation,
  run: (sequence: readonly Step[]) => Promise<void>,
  isOver: () => boolean,
): Promise<readonly [readonly Step[], Violation]> {
  for (const shorter of shorterForms(sequence)) {
    if (isOver()) break;
    const error = await run(shorter).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof Violation) return cutDown(shorter, error, run, isOver);
  }
  return [sequence, violation];
}

function* shorterForms<Step extends object>(sequence: readonly Step[]): Generator<readonly Step[]> {
  for (const at of sequence.keys()) yield sequence.toSpliced(at, 1);
  for (const [at, step] of sequence.entries()) {
    for (const [key, parts] of Object.entries(step)) {
      if (!Array.isArray(parts) || parts.length < 2) continue;
      for (const part of parts.keys()) yield sequence.with(at, { ...step, [key]: parts.toSpliced(part, 1) });
    }
  }
}
