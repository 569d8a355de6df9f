import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import { expect } from 'vitest';

/** A committed file that is made from the sources says what they say now. With RB_UPDATE=1 it is written instead. */
export async function expectCurrent(file: URL, wanted: string): Promise<void> {
  if (env.RB_UPDATE === '1') await writeFile(file, wanted);
  const text = await readFile(file, 'utf8').catch(() => '');
  expect(
    text,
    `${file.pathname} is not current: run this test once with RB_UPDATE=1, and look at what it changes`,
  ).toBe(wanted);
}
