import { existsSync, readFileSync } from 'node:fs';
import { table } from '@rb/bench/table';

/** A line that a test wrote about a service it needed, into the file that RB_SERVICES_LOG names. */
export interface ServiceEntry {
  readonly name: string;
  readonly version?: string;
  /** How it was had; absent where it was not. */
  readonly how?: string;
  /** Why it was not to be had. */
  readonly missing?: string;
}

/** One entry for each service, in order of name; one that any test could use counts as used. */
export function readServices(file: string): readonly ServiceEntry[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const services = new Map<string, ServiceEntry>();
  for (const entry of lines.map((line): ServiceEntry => JSON.parse(line))) {
    if (services.get(entry.name)?.missing !== undefined || !services.has(entry.name)) services.set(entry.name, entry);
  }
  return [...services.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Lines that say which services the tests used, how they were had, and which were not and why. */
export function serviceTable(services: readonly ServiceEntry[]): readonly string[] {
  if (services.length === 0) return ['no test used a service'];
  const columns = [{ title: 'service' }, { title: 'version' }, { title: 'how it was had, or why not' }];
  return table(
    columns,
    services.map(({ name, version, how, missing }) => [
      name,
      version ?? '',
      missing === undefined ? (how ?? '') : `not used: ${missing}`,
    ]),
  );
}
