import { expect, it } from 'vitest';
import { sqliteRetention } from '../../src/sqlite/index.js';
import { temporaryFile } from '../support.js';

const MISTAKES: readonly (readonly [policy: unknown, message: string])[] = [
  [null, 'expected an object as the policy, got null'],
  [[], 'expected an object as the policy, got an array'],
  [{ defualt: '1d' }, 'expected tiers, default, stale, groups in the policy, got defualt'],
  [{ tiers: {} }, 'expected an array as tiers, got object'],
  [{ tiers: ['1d'] }, 'expected an object as tiers[0], got string'],
  [{ tiers: [{ keep: '1d' }, {}] }, "expected a duration or 'forever' as tiers[1].keep, got undefined"],
  [{ tiers: [{ keep: '1d', state: 'FAILURE' }] }, 'in tiers[0], got state'],
  [{ tiers: [{ keep: '1d', states: [] }] }, 'expected an array of states as tiers[0].states, got an array'],
  [{ tiers: [{ keep: '1d', states: 'FAILURE' }] }, 'expected an array of states as tiers[0].states, got string'],
  [{ tiers: [{ keep: '1d', name: '' }] }, 'expected a pattern as tiers[0].name, got string'],
  [{ default: '1 day' }, 'expected a positive duration (milliseconds, \'36h\', a Temporal.Duration), got "1 day"'],
  [{ stale: 0 }, 'got 0'],
  [{ groups: null }, 'got null'],
];

it.each(MISTAKES)('refuses the policy %j', async (policy, message) => {
  const retention = sqliteRetention({ filename: temporaryFile() });
  for (const call of ['plan', 'apply'] as const) {
    const failed = await retention[call](policy as object).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TypeError);
    expect((failed as Error).message).toContain(message);
  }
});

it.each([
  { archive: {} },
  { archive: 'file.jsonl' },
  { archive: { file: 'a', table: 'b' } },
  { archive: { table: 'a"b' } },
  { batchSize: 0 },
  { limit: 1.5 },
  { pauseMs: -1 },
  { onProgress: true },
  { signal: new AbortController() },
])('refuses the options %j', async (options) => {
  const retention = sqliteRetention({ filename: temporaryFile() });
  await expect(retention.apply({}, options as object)).rejects.toThrow(TypeError);
});

it('refuses a source that is none, and reports a file that is missing', async () => {
  const retention = sqliteRetention({ filename: temporaryFile() });
  await expect(retention.restore({})).rejects.toThrow(TypeError);
  await expect(retention.restore({ file: temporaryFile('none.jsonl') })).rejects.toMatchObject({ code: 'RB_STORE' });
  await expect(retention.restore({ table: 'none' })).rejects.toMatchObject({ code: 'RB_SCHEMA' });
});
