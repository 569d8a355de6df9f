import type { RawAccess, StoredForm, Vector } from '@rb/conformance';
import { decodeRecord, json } from '@rb/core';
import { CELERY_VERSIONS, type Vector as CeleryVector, vectors } from '@rb/vectors';

const isTask = ({ task_id: id, raw }: CeleryVector): boolean => id !== undefined && raw.type === 'string';
const bytesOf = ({ raw }: CeleryVector): Buffer => Buffer.from(raw.value_b64, 'base64');
const title = ({ celery, serializer, name, extended }: CeleryVector): string =>
  `Celery ${celery}, ${serializer}: ${name}${extended ? ', extended' : ''}`;

/** Celery's JSON in Redis. That core reads these documents right is shown, value by value, by its own tests. */
const GOLDEN: readonly Vector[] = CELERY_VERSIONS.flatMap((celery) =>
  vectors('redis', celery)
    .filter((vector) => vector.serializer === 'json' && isTask(vector))
    .map((vector) => {
      const stored = bytesOf(vector).toString();
      return {
        name: title(vector),
        stored,
        record: decodeRecord(vector.task_id ?? '', stored, json, null),
        // Its dates have no offset, ours have.
        readOnly: celery === '5.2.6',
      };
    }),
);

/** What workers with another `result_serializer` stored. */
const FOREIGN: readonly StoredForm[] = vectors('redis', '5.6.3')
  .filter((vector) => vector.serializer !== 'json' && vector.name === 'success_dict_nested')
  .map((vector) => ({ name: title(vector), stored: bytesOf(vector) }));

const document = (result: string): string =>
  `{"status": "SUCCESS", "result": ${result}, "traceback": null, "children": [], "date_done": null, "task_id": "deep"}`;
const DEEP = 10_000;
const BOMBS: readonly StoredForm[] = [
  { name: 'nested arrays', stored: document('['.repeat(DEEP) + ']'.repeat(DEEP)) },
  { name: 'nested objects', stored: document(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`) },
];

export const STORED: Pick<RawAccess, 'vectors' | 'foreign' | 'bombs' | 'canonical'> = {
  vectors: GOLDEN,
  foreign: FOREIGN,
  bombs: BOMBS,
  // Python writes a space after each `:` and `,`, and escapes what is not ASCII.
  canonical: (stored) => json.decode(stored as string),
};
