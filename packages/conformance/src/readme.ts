import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { guarantees } from './guarantees.js';
import type { Report } from './report.js';

/**
 * Compares the guarantees of a report with what stands in a README between the markers `<!-- conformance -->` and
 * `<!-- /conformance -->`. A README of several stores has `<!-- conformance: name of the harness -->` for each.
 * With RB_UPDATE=1 in the environment it writes them there instead.
 *
 * Errors: Error where the README says something else, or has no such markers.
 */
export async function checkReadme(file: string | URL, report: Report): Promise<void> {
  const text = await readFile(file, 'utf8');
  const name = basename(file instanceof URL ? fileURLToPath(file) : file);
  const block = blockOf(text, report.harness);
  if (block === undefined) {
    throw new Error(
      `${name} has no line <!-- conformance --> with <!-- /conformance --> below it: the table belongs between them`,
    );
  }
  const wanted = `\n${guarantees(report)}\n`;
  if (text.slice(block.from, block.to) === wanted) return;
  if (env.RB_UPDATE === '1') {
    await writeFile(file, text.slice(0, block.from) + wanted + text.slice(block.to));
    return;
  }
  throw new Error(
    `the guarantees in ${name} are not those that this run found: run this test once with RB_UPDATE=1, and look at what it changes`,
  );
}

function blockOf(text: string, harness: string): { readonly from: number; readonly to: number } | undefined {
  for (const start of [`<!-- conformance: ${harness} -->`, '<!-- conformance -->']) {
    const at = text.indexOf(start);
    if (at < 0) continue;
    const from = at + start.length;
    const to = text.indexOf('<!-- /conformance -->', from);
    return to < 0 ? undefined : { from, to };
  }
  return undefined;
}
