import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { contractLink } from '../src/contract-link.js';
import { GROUPS, groupOf, inOrder } from '../src/groups.js';
import { CLAUSES } from '../src/index.js';
import { contractDocument } from './contract-document.js';
import { expectCurrent } from './current.js';

const CONTRACT = new URL('../docs/contract.md', import.meta.url);

describe('the contract', () => {
  it('is one document, made from the clauses', async () => {
    await expectCurrent(CONTRACT, contractDocument(CLAUSES));
  });

  it('has a place for every link of a failure', async () => {
    const headings = (await readFile(CONTRACT, 'utf8')).matchAll(/^### (.+)$/gm);
    const anchors = new Set([...headings].map(([, heading = '']) => `#${heading.toLowerCase()}`));
    expect(
      CLAUSES.map(({ id }) => contractLink(id).replace(/^.*contract\.md/, '')).filter((link) => !anchors.has(link)),
    ).toEqual([]);
  });

  // An id is never reused or re-meant: whoever changes a line here changes what others have been judged by.
  it('keeps the id, level, text and version of every clause', async () => {
    const lines = CLAUSES.map(({ id, level, since, text }) => `${id} ${level} ${since} ${text}\n`);
    await expectCurrent(new URL('clauses.txt', import.meta.url), lines.join(''));
  });
});

describe('every clause', () => {
  it('has an id of its own in a group of the contract, in order', () => {
    const ids = CLAUSES.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(
      ids.filter((id) => !GROUPS.some((group) => group.id === groupOf(id)) || !/^[A-Z]{3}-[1-9]\d*$/.test(id)),
    ).toEqual([]);
    expect(inOrder(CLAUSES).map(({ id }) => groupOf(id))).toEqual(ids.map(groupOf));
  });

  it('says in a sentence what holds, what usually is wrong, and where the demand comes from', () => {
    const lacking = CLAUSES.filter(
      ({ text, hint, source }) => !/^\S.*\.$/s.test(text) || hint.length < 20 || source.length < 4,
    );
    expect(lacking.map(({ id, text }) => `${id} ${text}`)).toEqual([]);
  });
});
