import { defineSuite } from '@rb/conformance';
import { start } from '@rb/servers/start';
import { afterAll, describe, it } from 'vitest';
import { mongoHarness } from './conformance/harness.ts';

// One of its own, as it is restarted.
const server = await start('mongo');
if ('missing' in server) it('conforms on mongo', ({ skip }) => skip(server.missing));
else {
  afterAll(() => server[Symbol.asyncDispose]());
  const [node] = server.nodes ?? [];
  const harness = mongoHarness('mongo', server.url, node && (() => node.restart()));
  defineSuite({ describe, it }, harness, { readme: new URL('../README.md', import.meta.url) });
}
