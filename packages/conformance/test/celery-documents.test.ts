import { readFileSync } from 'node:fs';
import { decodeRecord, json } from '@rb/core';
import { CELERY_VERSIONS, vectors } from '@rb/vectors';
import { describe, expect, it } from 'vitest';
import { CELERY_DOCUMENTS, FOREIGN_DOCUMENTS } from '../src/reference/celery-documents.js';

const workers = readFileSync(
  new URL('../../../tooling/vectors/celery/celery-5.2.6-worker-e2e.json', import.meta.url),
  'utf8',
);

/** All that any Celery stored in Redis, in base64. */
const stored = new Set([
  ...CELERY_VERSIONS.flatMap((celery) => vectors('redis', celery).map(({ raw }) => raw.value_b64)),
  ...JSON.parse(workers).map(({ raw }: { raw?: { value?: string } }) => base64(raw?.value ?? '')),
]);

describe.each([...CELERY_DOCUMENTS, ...FOREIGN_DOCUMENTS])('the document "$name"', ({ stored: document }) => {
  it('is what Celery stored, byte for byte', () => {
    expect(stored).toContain(base64(document as string | Uint8Array));
  });
});

describe.each(CELERY_DOCUMENTS)('the vector "$name"', ({ stored: document, record }) => {
  it('means its record', () => {
    expect(decodeRecord(record.taskId, document as string, json, null)).toStrictEqual(record);
  });
});

function base64(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString('base64');
}
