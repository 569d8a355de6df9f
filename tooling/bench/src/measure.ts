import { Bench } from 'tinybench';
import { opsPerSecond } from './statistics.ts';

/** One thing whose speed is measured. */
export interface BenchTask {
  readonly name: string;
  readonly run: () => unknown;
  /** Operations in one `run`, when it works on a batch. @default 1 */
  readonly opsPerIteration?: number;
  /** Before each `run`, outside the measured time. */
  readonly before?: () => void | Promise<void>;
}

export interface Rounds {
  readonly count: number;
  /** Time for one task in one round; a slow task takes longer, as it runs at least `MIN_RUNS` times. */
  readonly timeMs: number;
}

/** What one round measured of one task. Latencies are those of one `run`. */
export interface Round {
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Fewer runs than this give no mean worth a ratio. */
const MIN_RUNS = 8;

/** So many rounds only warm up: V8 goes on making a call of a quarter of a millisecond faster until it has seen some thousands. */
const WARM_UP_ROUNDS = 8;

/**
 * Measures the tasks in interleaved rounds, after some that only warm up.
 * The order is reversed every other round, so that no task always runs in the wake of the same neighbour.
 *
 * Errors: that of the first run that throws; a benchmark of a broken task says nothing.
 */
export async function measure(tasks: readonly BenchTask[], rounds: Rounds): Promise<Map<BenchTask, readonly Round[]>> {
  const measured = tasks.map((task) => ({ task, rounds: [] as Round[], async: false }));
  for (const each of measured) {
    each.async = await returnsPromise(each.task);
    await measureRound(each.task, each.async, WARM_UP_ROUNDS * rounds.timeMs);
  }
  for (let round = 0; round < rounds.count; round++) {
    for (const each of round % 2 === 0 ? measured : measured.toReversed()) {
      each.rounds.push(await measureRound(each.task, each.async, rounds.timeMs));
    }
  }
  return new Map(measured.map((each) => [each.task, each.rounds]));
}

/** Left to itself tinybench would find out by calling `run` before every round: without `before`, and not awaited. */
async function returnsPromise(task: BenchTask): Promise<boolean> {
  await task.before?.();
  const returned = task.run();
  await returned;
  return returned instanceof Promise;
}

async function measureRound(task: BenchTask, async: boolean, timeMs: number): Promise<Round> {
  const bench = new Bench({ time: timeMs, iterations: MIN_RUNS, warmup: false, throws: true });
  bench.add(task.name, task.run, task.before ? { async, beforeEach: task.before } : { async });
  const [ran] = await bench.run();
  if (ran?.result.state !== 'completed') throw new Error(`benchmark of ${task.name} did not complete`);
  const { mean, p50, p99 } = ran.result.latency;
  return { opsPerSecond: opsPerSecond(mean, task.opsPerIteration ?? 1), p50Ms: p50, p99Ms: p99 };
}
