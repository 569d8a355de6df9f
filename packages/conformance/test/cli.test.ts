import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Report } from '../src/index.js';
import { type Ended, runNode } from './child.js';

vi.setConfig({ testTimeout: 60_000 });

const rb = (...args: readonly string[]): Promise<Ended> => runNode(['dist/rb-conformance.js', ...args]);

describe('rb-conformance', () => {
  it('ends with 0 where the store conforms, with a line per clause and the verdict', async () => {
    const { code, output } = await rb('test/cli/memory.mjs', '--only', 'STA-1', '--seed', '7');
    expect(code, output).toBe(0);
    expect(output).toMatch(/^memory: 1 clauses, profile full, seed 7\npass +STA-1 +\d+ ms\n/);
    expect(output).toMatch(/memory conforms to contract 1 \(kit \S+\)\n$/);
  });

  it('ends with 1 where it does not, says what was seen, and how to see it again', async () => {
    const { code, output } = await rb('test/cli/last-write-wins.mjs', '--only', 'STA', '--seed', '7');
    expect(code, output).toBe(1);
    expect(output).toContain('✗ MUST STA-1');
    expect(output).toContain('npx rb-conformance test/cli/last-write-wins.mjs --only STA-1 --seed 7');
    expect(output).toContain('memory does not conform to contract 1');
    const again = await rb('test/cli/last-write-wins.mjs', '--only', 'STA-1', '--seed', '7');
    expect(again.code).toBe(1);
  });

  it('writes the report, for machines, for people and for a badge', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rb-cli-'));
    try {
      const files = { json: join(folder, 'r.json'), markdown: join(folder, 'r.md'), badge: join(folder, 'b.json') };
      const args = Object.entries(files).flatMap(([name, file]) => [`--${name}`, file]);
      await rb('test/cli/memory.mjs', '--only', 'STA-1', ...args);
      const report: Report = JSON.parse(await readFile(files.json, 'utf8'));
      expect(report).toMatchObject({ contract: 1, conforms: true, clauses: [{ id: 'STA-1', status: 'pass' }] });
      expect(await readFile(files.markdown, 'utf8')).toMatch(
        /^## memory conforms to contract 1 .*\| STA States \| 1 \|/s,
      );
      expect(JSON.parse(await readFile(files.badge, 'utf8'))).toMatchObject({
        label: 'conformance',
        color: 'brightgreen',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('shows its options when asked', async () => {
    expect(await rb('--help')).toMatchObject({ code: 0, output: expect.stringContaining('Usage: rb-conformance') });
  });

  it.each([
    [[], /which harness\?/],
    [['a.mjs', 'b.mjs'], /one harness at a time/],
    [['test/cli/nowhere.mjs'], /test\/cli\/nowhere\.mjs: there is no such file/],
    [['package.json'], /package\.json does not load/],
    [['test/cli/no-harness.mjs'], /no-harness\.mjs exports no harness/],
    [['test/cli/no-server.mjs'], /the harness opens no store, is its server up\?\nError: connection refused/],
    [['test/cli/memory.mjs', '--only', 'STA-99'], /unknown clause 'STA-99'/],
    [['test/cli/memory.mjs', '--profile', 'slow'], /unknown profile 'slow': expected one of quick, full, soak/],
    [['test/cli/memory.mjs', '--seed', 'x'], /bad seed 'x'/],
    [['test/cli/memory.mjs', '--fast'], /Unknown option '--fast'/],
  ])('ends with 2 and says why where nothing can be checked: %j', async (args, why) => {
    const { code, output } = await rb(...args);
    expect(code, output).toBe(2);
    expect(output).toMatch(why);
  });
});
