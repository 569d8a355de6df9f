import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** A server, or another program, that tests ran against; or why they could not. */
export type ServiceReport = ServiceUsed | ServiceMissing;

export interface ServiceUsed {
  /** As a reader knows it: `Celery 5.6.3`, `Redis`. One name per service, used or missing. */
  readonly name: string;
  /** Where it came from: `virtual environment .tooling/celery-5.6.3-py3.11`, `RB_REDIS_URL`. Never credentials. */
  readonly how: string;
  /** What it says it is: `Python 3.11.7, kombu 5.6.2`. */
  readonly version: string;
  /** Whose tests used it: `packages/redis`. */
  readonly suites?: readonly string[];
}

export interface ServiceMissing {
  readonly name: string;
  /** Why it could not be had, and what to do. */
  readonly missing: string;
}

/**
 * Tells whoever runs the tests. Test files run in processes of their own, so the way is a file: the runner names it in
 * RB_SERVICES_LOG and reads it with `readServices` at the end. Without that variable nothing happens.
 */
export function reportService(report: ServiceReport): void {
  const file = process.env.RB_SERVICES_LOG;
  // One short append is atomic, so that lines of several processes do not mix.
  if (file) appendFileSync(file, `${JSON.stringify(report)}\n`);
}

/** One report per service, by name: each test file reports for itself, and what any of them could use counts as used. */
export function readServices(file: string): readonly ServiceReport[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const services = new Map<string, ServiceReport>();
  for (const report of lines.map((line): ServiceReport => JSON.parse(line))) {
    services.set(report.name, merged(services.get(report.name), report));
  }
  return [...services.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

function merged(before: ServiceReport | undefined, report: ServiceReport): ServiceReport {
  if (before === undefined || ('missing' in before && 'how' in report)) return report;
  if ('missing' in before || 'missing' in report) return before;
  const suites = [...new Set([...(before.suites ?? []), ...(report.suites ?? [])])].toSorted();
  return suites.length > 0 ? { ...before, suites } : before;
}
