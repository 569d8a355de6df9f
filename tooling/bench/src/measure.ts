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

/**
 * Measures the tasks in interleaved rounds, after one round that only warms up.
 * The order is reversed every other round, so that no task always runs in the wake of the same neighbour.
 *
 * Errors: that of the first run that throws; a benchmark of a broken task says nothing.
 */
export async function measure(tasks: readonly BenchTask[], rounds: Rounds): Promise<Map<BenchTask, readonly Round[]>> {
  const measured = new Map(tasks.map((task) => [task, [] as Round[]]));
  for (const task of tasks) await measureRound(task, rounds.timeMs);
  for (let round = 0; round < rounds.count; round++) {
    for (const task of round % 2 === 0 ? tasks : tasks.toReversed()) {
      measured.get(task)?.push(await measureRound(task, rounds.timeMs));
    }
  }
  return measured;
}

async function measureRound(task: BenchTask, timeMs: number): Promise<Round> {
  const bench = new Bench({ time: timeMs, iterations: MIN_RUNS, warmup: false, throws: true });
  bench.add(task.name, task.run, task.before ? { beforeEach: task.before } : {});
  const [ran] = await bench.run();
  if (ran?.result.state !== 'completed') throw new Error(`benchmark of ${task.name} did not complete`);
  const { mean, p50, p99 } = ran.result.latency;
  return { opsPerSecond: opsPerSecond(mean, task.opsPerIteration ?? 1), p50Ms: p50, p99Ms: p99 };
}
