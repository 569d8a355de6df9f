import { expect, it } from 'vitest';
import { temporaryFile } from '../support.js';
import { PROMISED, printedWith } from './program.js';

it('prints what the document of reports says, on SQLite', async () => {
  expect(PROMISED.length).toBeGreaterThan(5);
  expect(await printedWith('sqlite', { filename: temporaryFile() })).toEqual(PROMISED);
});
