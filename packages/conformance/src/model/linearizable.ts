import { isFinal, type TaskState } from '@rb/core';

/** One call as it concerns one task: when it began and ended, and what it was told. */
export interface Operation {
  /** On any clock that all operations share. */
  readonly start: number;
  /** Infinity where nobody knows whether it was done: it may be done at any time after its start, or never. */
  readonly end: number;
  readonly run: 'put' | 'get' | 'delete';
  /** Of a put: what it puts. Marks differ from put to put. */
  readonly puts?: Value | undefined;
  /** Of a put: whether it was applied, undefined where its producer does not hear of that. Of a get: the mark that was read. Of a delete: whether there was something. */
  readonly told?: boolean | string | undefined;
}

interface Value {
  readonly mark: string;
  readonly state: TaskState;
}

/**
 * Whether the operations, each done at one moment between its start and its end, explain what all of them were told.
 *
 * Source: J. Wing, C. Gong, Testing and verifying concurrent objects, 1993; that a place once reached is not searched again:
 * G. Lowe, Testing for linearizability, 2017.
 */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const tried = new Set<string>();

  /** @param left The operations that are yet to be done, by their place in the list. */
  const search = (left: readonly number[], value: Value | undefined): boolean => {
    const [ends, place] = [left.map((at) => (operations[at] as Operation).end), `${left.join()} ${value?.mark}`];
    if (ends.every((end) => end === Number.POSITIVE_INFINITY)) return true;
    if (tried.has(place)) return false;
    tried.add(place);
    // One that began after another had ended cannot come before it.
    const firstEnd = Math.min(...ends);
    return left.some((at) => {
      const operation = operations[at] as Operation;
      const after = operation.start > firstEnd ? undefined : effectOf(operation, value);
      return (
        after !== undefined &&
        search(
          left.filter((each) => each !== at),
          after.value,
        )
      );
    });
  };
  return search([...operations.keys()], undefined);
}

/** What is there after the operation; undefined where it was told something else. An unanswered one was told nothing. */
function effectOf(
  { run, puts, told, end }: Operation,
  value: Value | undefined,
): { readonly value: Value | undefined } | undefined {
  const fits = (expected: unknown): boolean => end === Number.POSITIVE_INFINITY || told === expected;
  if (run === 'get') return fits(value?.mark) ? { value } : undefined;
  if (run === 'delete') return fits(value !== undefined) ? { value: undefined } : undefined;
  const isApplied = value === undefined || !isFinal(value.state);
  return told === undefined || fits(isApplied) ? { value: isApplied ? puts : value } : undefined;
}

/** The shortest part of a history that already explains nothing: what has no effect is left out as far as can be. */
export function contradictionIn(operations: readonly Operation[]): readonly Operation[] | undefined {
  if (isLinearizable(operations)) return undefined;
  // What began after the first answers that cannot be explained does not make them any better.
  const ends = operations.map(({ end }) => end).sort((a, b) => a - b);
  const upTo = (end: number): readonly Operation[] =>
    operations
      .filter(({ start }) => start <= end)
      .map((operation) => (operation.end <= end ? operation : { ...operation, end: Number.POSITIVE_INFINITY }));
  const end = ends.find((each) => !isLinearizable(upTo(each))) ?? Number.POSITIVE_INFINITY;
  let shortest = upTo(end);
  for (const operation of shortest) {
    const hasEffect = operation.run === 'delete' || (operation.run === 'put' && operation.told !== false);
    const without = shortest.filter((each) => each !== operation);
    if (!hasEffect && !isLinearizable(without)) shortest = without;
  }
  return shortest;
}
