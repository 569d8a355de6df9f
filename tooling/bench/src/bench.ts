import { fileURLToPath } from 'node:url';
import { type BenchTask, measure } from './measure.ts';
import { type BenchReport, compare, format, report, write } from './report.ts';

export interface BenchOptions {
  /** What the others are compared with: the same work on the bare driver. */
  readonly raw?: BenchTask;
  readonly tasks: readonly BenchTask[];
  /** How often every task is measured. @default 9 */
  readonly rounds?: number;
  /** Time for one task in one round. @default 250 */
  readonly timeMs?: number;
}

const RESULTS = fileURLToPath(new URL('../../../.tooling/bench', import.meta.url));

/**
 * Measures the tasks side by side, prints a table and writes .tooling/bench/<name>.json.
 * How it measures is in README.md.
 */
export async function bench(name: string, options: BenchOptions): Promise<BenchReport> {
  const rounds = { count: options.rounds ?? 9, timeMs: options.timeMs ?? 250 };
  const tasks = options.raw ? [options.raw, ...options.tasks] : options.tasks;
  const result = report(name, rounds, compare(await measure(tasks, rounds), options.raw));
  const file = write(RESULTS, result);
  console.log(`\n${format(result).join('\n')}\n\nwritten to ${file}`);
  return result;
}
