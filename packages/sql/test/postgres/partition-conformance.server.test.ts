import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { postgresHarness } from './conformance/harness.ts';

const server = await sharedServer('postgres');
if ('missing' in server) it('conforms on postgres, in partitions', ({ skip }) => skip(server.missing));
else {
  const harness = postgresHarness('postgres, partitions', server.url, { options: { partitions: {} } });
  defineSuite({ describe, it }, harness, { profile: 'quick' });
}
