export { type BenchOptions, bench } from './bench.ts';
export { latenciesDuring, latenciesFor, say, sayLatencies, sayTime } from './latencies.ts';
export type { BenchTask } from './measure.ts';
export type { BenchReport, Comparison } from './report.ts';
