/** The middle sample, or the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('a median needs at least one sample; got none');
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/**
 * How fast `task` is for each unit of `raw`'s speed: the median of the ratios of each round.
 *
 * A shared machine slows down and speeds up over seconds; within a round both were measured side by side, so its ratio
 * holds while the speeds themselves drift, and the median drops the rounds that something else disturbed.
 */
export function ratio(task: readonly number[], raw: readonly number[]): number {
  if (task.length !== raw.length) {
    throw new RangeError(`a ratio needs the same rounds of both; got ${task.length} and ${raw.length}`);
  }
  return median(task.map((speed, round) => speed / (raw[round] ?? Number.NaN)));
}

/** Speed of runs that take `runMs` on average and do `opsPerIteration` operations each. */
export const opsPerSecond = (runMs: number, opsPerIteration: number): number => (1000 / runMs) * opsPerIteration;
