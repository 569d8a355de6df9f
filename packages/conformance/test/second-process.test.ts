import { expect, it } from 'vitest';
import { REFERENCES } from '../src/reference/index.js';
import { startSecondProcess } from '../src/second-process.js';

const { wire } = REFERENCES;
if (wire === undefined) throw new Error('there is no reference store wire');

it('gives what the job gives, and ends by itself', async () => {
  const world = await wire.world();
  for (const applied of [true, false]) {
    const second = await startSecondProcess(wire, world, 'race', { taskIds: ['a', 'b'], result: 'r' });
    expect(await second.run()).toEqual([applied, applied]);
    await second.ended(10_000);
  }
  await world.dispose();
});

it.each([
  ["console.log('hello'); throw new Error('no such place')", 'no such place'],
  ["throw new Error('no such place')", 'no such place'],
  ["export const harness = { async world() { throw new Error('denied') } }", 'denied'],
])('says what the process said last: %s', async (source, said) => {
  const harness = { ...wire, module: `data:text/javascript,${encodeURIComponent(source)}` };
  const world = { ...(await wire.world()), token: 't' };
  await expect(startSecondProcess(harness, world, 'life', { taskId: 't' })).rejects.toThrow(
    new RegExp(`ended with code 1 before its job 'life' did: .*${said}`, 's'),
  );
  await world.dispose();
});

it('is not there where the harness has no module', async () => {
  const world = await wire.world();
  const alone = { ...wire, module: undefined };
  await expect(startSecondProcess(alone, world, 'life', { taskId: 't' })).rejects.toThrow('no second process can join');
  await world.dispose();
});
