import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type Clause, createSuite, formatFailure, type Harness } from '../src/index.js';
import { memoryHarness } from '../src/reference/index.js';

const clause: Clause = {
  id: 'STO-2',
  since: '1.0',
  level: 'MUST',
  surface: 'store',
  text: 'An id never stored reads as `undefined`, never null, never an error.',
  hint: 'Map a missing row to undefined.',
  source: 'contract.ts, GetOutcome',
  async run({ reader, get, same }) {
    same(await get(reader, ['nobody']), [null], 'get([unknown id])');
  },
};

async function textOf(harness: Harness, options: { readonly profile?: 'quick' } = {}): Promise<string> {
  const suite = createSuite(harness, { seed: 7, clauses: [clause], ...options });
  return formatFailure(clause, await suite.check(clause), harness, suite);
}

it('a failure says what was seen, after which calls, what to do and how to see it again, on lines without a stack', async () => {
  const text = await textOf(memoryHarness);
  expect(text.replaceAll(/\+\d+ /g, '+0 ').replace(/contract .*(docs\/contract\.md)/, 'contract   $1')).toBe(
    `✗ MUST STO-2  An id never stored reads as \`undefined\`, never null, never an error.
  observed   get([unknown id]): expected [ null ], got [ undefined ] (they differ in 0)  (seed 7)
  timeline   +0 B.get #1 →
             +0 B.get ✓ nothing
  hint       Map a missing row to undefined.
  contract   docs/contract.md#sto-2
  source     contract.ts, GetOutcome
  repeat     RB_CONFORMANCE_ONLY=STO-2 RB_CONFORMANCE_SEED=7 <the command that runs this test file>`,
  );
});

it('the command to repeat names the module of the harness where that is known, and the profile where it is not the usual one', async () => {
  const module = pathToFileURL('harness of acme.mjs');
  expect(await textOf({ ...memoryHarness, module }, { profile: 'quick' })).toContain(
    "repeat     npx rb-conformance 'harness of acme.mjs' --only STO-2 --seed 7 --profile quick",
  );
});
