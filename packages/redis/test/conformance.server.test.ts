import { defineSuite } from '@rb/conformance';
import { start } from '@rb/servers/start';
import { afterAll, describe, it } from 'vitest';
import { redisHarness } from './conformance/harness.ts';

// One of its own, as it is restarted.
const server = await start('redis');
if ('missing' in server) it('conforms on redis', ({ skip }) => skip(server.missing));
else {
  afterAll(() => server[Symbol.asyncDispose]());
  const [node] = server.nodes ?? [];
  const harness = redisHarness('redis', server.url, node && (() => node.restart()));
  defineSuite({ describe, it }, harness, { readme: new URL('../README.md', import.meta.url) });
}
