import { table } from '@rb/bench/table';
import type { ServiceReport } from '@rb/servers/report';

/** Lines that say which services the tests used, how they were had, and which were not and why. */
export function serviceTable(services: readonly ServiceReport[]): readonly string[] {
  if (services.length === 0) return ['no test used a service'];
  const columns = [
    { title: 'service' },
    { title: 'version' },
    { title: 'how it was had, or why not' },
    { title: 'used by' },
  ];
  const rows = services.map((service) =>
    'missing' in service
      ? [service.name, '', `not used: ${service.missing}`, '']
      : [service.name, service.version, service.how, service.suites?.join(', ') ?? ''],
  );
  return table(columns, rows);
}
