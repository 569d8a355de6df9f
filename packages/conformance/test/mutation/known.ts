import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { version } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Finding } from './subject.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FILE = fileURLToPath(new URL('../../node_modules/.cache/rb-mutation.json', import.meta.url));

/** All that a finding depends on: the kit and core as they are run, and what runs them. */
const INPUTS = [
  'packages/core/dist/**/*.js',
  'packages/conformance/dist/**/*.js',
  'packages/conformance/test/mutation/{subject,worker,null-stores}.ts',
];

function fingerprint(): string {
  const hash = createHash('sha256').update(version);
  for (const file of globSync(INPUTS, { cwd: ROOT }).toSorted()) {
    hash.update(file).update(readFileSync(`${ROOT}${file}`));
  }
  return hash.digest('hex');
}

interface Known {
  readonly of: string;
  readonly findings: readonly Finding[];
}

/** What an earlier run found out about the very same code: a run of all takes minutes. Delete the file to have it found out anew. */
export async function knownFindings(): Promise<ReadonlyMap<string, Finding>> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  const known: Known | undefined = text === undefined ? undefined : JSON.parse(text);
  return new Map(known?.of === fingerprint() ? known.findings.map((finding) => [finding.name, finding]) : []);
}

export async function remember(findings: readonly Finding[]): Promise<void> {
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, JSON.stringify({ of: fingerprint(), findings } satisfies Known));
}
