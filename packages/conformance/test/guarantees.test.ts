import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { badge, type Clause, checkReadme, guarantees, type Report, runConformance } from '../src/index.js';
import { memoryHarness } from '../src/reference/index.js';

const clause = (id: string, fields: Partial<Clause> = {}): Clause => ({
  id,
  since: '1.0',
  level: 'MUST',
  surface: 'store',
  text: `The text of ${id}.`,
  hint: '',
  source: '',
  async run() {},
  ...fields,
});
const fails: Partial<Clause> = { run: async ({ fail }) => fail('less') };
const reportOf = (...clauses: readonly Clause[]): Promise<Report> => runConformance(memoryHarness, { clauses });

const MIXED = [
  clause('STO-2'),
  clause('STO-1'),
  clause('REC-1', { needs: ['faults'] }),
  clause('REC-2', { needs: ['faults'] }),
  clause('REC-4', { needs: ['faults'] }),
  clause('STO-12', { needs: ['durable'] }),
];

describe('the guarantees of a report', () => {
  it('tell traits, capabilities and what was found, in the order of the contract', async () => {
    expect(guarantees(await reportOf(...MIXED))).toBe(
      `Checked by \`@rb/conformance\` against contract 1, profile full: 2 clauses hold, none fails, 4 were not checked.

| trait |  |
| --- | --- |
| readers | any handle |
| durable | no |
| largest record | 1,310,720 bytes |
| keeps of \`meta\` | everything |
| notify: waits are pushed | yes |
| expiry: deadlines are honoured | yes, at most 1 ms late; sweep() |
| groups | yes |
| scan: enumeration | yes |
| stats | yes |

| clauses | hold | do not hold | not checked |
| --- | --- | --- | --- |
| STO Storing and reading | 2 |  | STO-12: traits.durable is false |
| REC Connection loss | 0 |  | REC-1…2 REC-4: the handles have no link: see @rb/conformance/tcp-proxy |`,
    );
  });

  it('name what does not hold', async () => {
    const report = await reportOf(
      clause('STO-1', fails),
      clause('STO-2', { ...fails, level: 'SHOULD' }),
      clause('STO-3'),
    );
    expect(report.conforms).toBe(false);
    expect(guarantees(report)).toContain('1 clauses hold, 1 MUST and 1 SHOULD do not hold');
    expect(guarantees(report)).toContain('| STO Storing and reading | 1 | STO-1 (MUST), STO-2 (SHOULD) |  |');
  });

  it('are the same for every run that finds the same', async () => {
    expect(guarantees(await reportOf(...MIXED))).toBe(guarantees(await reportOf(...MIXED.toReversed())));
  });
});

describe('the badge', () => {
  it('names the contract and what users choose a store by', async () => {
    const report = await reportOf(clause('STO-1'));
    expect(badge(report)).toEqual({
      schemaVersion: 1,
      label: 'conformance',
      message: 'contract 1 · notify expiry groups scan',
      color: 'brightgreen',
    });
    expect(badge({ ...report, faults: true }).message).toBe('contract 1 · notify expiry groups scan · faults ✓');
  });

  it('is red where a MUST does not hold, and where nothing was checked', async () => {
    expect(badge(await reportOf(clause('STO-1', fails)))).toMatchObject({
      message: 'contract 1 · 1 MUST fail',
      color: 'red',
    });
    expect(badge(await reportOf(clause('REC-1', { needs: ['faults'] })))).toMatchObject({
      message: 'contract 1 · nothing was checked',
      color: 'red',
    });
  });
});

describe('a README', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** What becomes of a README's text when it is checked. */
  async function checked(text: string, report: Report): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'rb-readme-'));
    const file = join(folder, 'README.md');
    try {
      await writeFile(file, text);
      await checkReadme(file, report);
      return await readFile(file, 'utf8');
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('that says something else is not current, and the error says how to make it so', async () => {
    const report = await reportOf(...MIXED);
    vi.stubEnv('RB_UPDATE', undefined);
    const stale = 'above\n<!-- conformance -->\nold\n<!-- /conformance -->\nbelow\n';
    await expect(checked(stale, report)).rejects.toThrow(/README\.md.*RB_UPDATE=1/);
    vi.stubEnv('RB_UPDATE', '1');
    const updated = await checked(stale, report);
    expect(updated).toBe(`above\n<!-- conformance -->\n${guarantees(report)}\n<!-- /conformance -->\nbelow\n`);
    vi.stubEnv('RB_UPDATE', undefined);
    expect(await checked(updated, report)).toBe(updated);
  });

  it('of several stores has markers with the name of each harness', async () => {
    const report = await reportOf(...MIXED);
    vi.stubEnv('RB_UPDATE', '1');
    const text =
      '<!-- conformance: other -->\nold\n<!-- /conformance -->\n<!-- conformance: memory -->\n<!-- /conformance -->\n';
    expect(await checked(text, report)).toBe(
      `<!-- conformance: other -->\nold\n<!-- /conformance -->\n<!-- conformance: memory -->\n${guarantees(report)}\n<!-- /conformance -->\n`,
    );
  });

  it('without markers is told where to put them', async () => {
    await expect(checked('nothing', await reportOf(...MIXED))).rejects.toThrow('has no line <!-- conformance -->');
  });
});
