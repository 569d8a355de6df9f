import { defineSuite } from '@rb/conformance';
import type { ServiceName } from '@rb/servers/service';
import { start } from '@rb/servers/start';
import { afterAll, describe, it } from 'vitest';
import { type PostgresWorlds, postgresHarness } from './conformance/harness.ts';

/** Told by LISTEN; the poll is too slow for the kit. */
const LISTEN = { listen: true, pollMs: 60_000 };

/** The guarantees are those of the current version; the others share its code, faults and all, and take the profile of the environment. */
await suite('postgres', { readme: new URL('../../docs/postgres.md', import.meta.url) }, {});
await suite('postgres-old', { profile: 'quick' }, { options: LISTEN });
await suite('pgbouncer', { profile: 'quick' }, { users: false });

async function suite(
  service: ServiceName,
  options: Parameters<typeof defineSuite>[2],
  worlds: PostgresWorlds,
): Promise<void> {
  // One of its own, as it is restarted. PgBouncer asks a server that came back at once, and not after 15 s.
  const config = service === 'pgbouncer' ? { server_login_retry: '1' } : {};
  const server = await start(service, { config });
  if ('missing' in server) return it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  afterAll(() => server[Symbol.asyncDispose]());
  // Behind PgBouncer it is the last one.
  const node = server.nodes?.at(-1);
  const restart = node && (() => node.restart());
  defineSuite(
    { describe, it },
    postgresHarness(service, server.url, { ...worlds, restart, serverVersion: server.version }),
    options,
  );
}
