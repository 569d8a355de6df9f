import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchTask, Round, Rounds } from './measure.ts';
import { median, ratio } from './statistics.ts';
import { table } from './table.ts';

/** One line of the printed table. */
export interface Comparison {
  readonly task: string;
  readonly opsPerIteration: number;
  /** Median of the rounds. */
  readonly opsPerSecond: number;
  /** Latency of one run, that is of `opsPerIteration` operations: median of the rounds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Speed for each unit of the raw task's speed: 1 for the raw task itself, null without one. */
  readonly ratio: number | null;
  readonly rounds: readonly Round[];
}

/** What is written to .tooling/bench/<name>.json. */
export interface BenchReport {
  readonly name: string;
  readonly date: string;
  readonly node: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryBytes: number };
  readonly roundTimeMs: number;
  readonly comparisons: readonly Comparison[];
}

type Measured = ReadonlyMap<BenchTask, readonly Round[]>;

export function compare(measured: Measured, raw: BenchTask | undefined): readonly Comparison[] {
  const speeds = (rounds: readonly Round[]) => rounds.map((round) => round.opsPerSecond);
  const base = raw && measured.get(raw);
  return [...measured].map(([task, rounds]) => ({
    task: task.name,
    opsPerIteration: task.opsPerIteration ?? 1,
    opsPerSecond: median(speeds(rounds)),
    p50Ms: median(rounds.map((round) => round.p50Ms)),
    p99Ms: median(rounds.map((round) => round.p99Ms)),
    ratio: base ? ratio(speeds(rounds), speeds(base)) : null,
    rounds,
  }));
}

export const report = (name: string, rounds: Rounds, comparisons: readonly Comparison[]): BenchReport => ({
  name,
  date: new Date().toISOString(),
  node: process.version,
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), memoryBytes: totalmem() },
  roundTimeMs: rounds.timeMs,
  comparisons,
});

/** The report as lines of text. */
export function format({ name, node, machine, comparisons }: BenchReport): readonly string[] {
  const right = 'right' as const;
  const columns = [
    { title: 'task' },
    { title: 'ops/run', align: right },
    { title: 'ops/s', align: right },
    { title: 'p50 of a run', align: right },
    { title: 'p99 of a run', align: right },
    { title: 'ratio to raw', align: right },
  ];
  const rows = comparisons.map((line) => [
    line.task,
    String(line.opsPerIteration),
    Math.round(line.opsPerSecond).toLocaleString('en'),
    duration(line.p50Ms),
    duration(line.p99Ms),
    line.ratio?.toFixed(2) ?? '',
  ]);
  return [`${name} (Node ${node}, ${machine.cores} x ${machine.cpu})`, '', ...table(columns, rows)];
}

const duration = (ms: number): string => (ms < 1 ? `${(ms * 1000).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`);

/** Writes `<directory>/<name>.json`; the file's path. */
export function write(directory: string, benchReport: BenchReport): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${benchReport.name.replaceAll(/[^\w.-]+/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify(benchReport, null, 2)}\n`);
  return file;
}
