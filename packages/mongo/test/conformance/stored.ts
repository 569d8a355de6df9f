import type { RawAccess, StoredForm, Vector } from '@rb/conformance';
import { fromDocument, json } from '@rb/core';
import { CELERY_VERSIONS, type Vector as CeleryVector, vectors } from '@rb/vectors';
import { BSON } from 'mongodb';

const isTask = ({ task_id: id, raw }: CeleryVector): boolean => id !== undefined && raw.bson_b64 !== undefined;
const bytesOf = ({ raw }: CeleryVector): Uint8Array => new Uint8Array(Buffer.from(raw.bson_b64, 'base64'));
const title = ({ celery, serializer, name, extended }: CeleryVector): string =>
  `Celery ${celery}, ${serializer}: ${name}${extended ? ', extended' : ''}`;

/** Where Celery writes null it may as well have written nothing, to a reader in Node. */
const EXTENDED = ['name', 'args', 'kwargs', 'worker', 'retries', 'queue'] as const;

function recordOf({ task_id: taskId = '' }: CeleryVector, bytes: Uint8Array): Vector['record'] {
  const { _id, ...document } = BSON.deserialize(bytes);
  for (const key of EXTENDED) if (document[key] === null) delete document[key];
  return fromDocument(taskId, { ...document, result: json.decode(document.result) }, null);
}

/** Celery's JSON in BSON. */
const GOLDEN: readonly Vector[] = CELERY_VERSIONS.flatMap((celery) =>
  vectors('mongodb', celery)
    .filter((vector) => vector.serializer === 'json' && isTask(vector))
    .map((vector) => ({
      name: title(vector),
      stored: bytesOf(vector),
      record: recordOf(vector, bytesOf(vector)),
      // Its dates are text.
      readOnly: celery === '5.2.6',
    })),
);

/** What workers with another `result_serializer` stored. */
const FOREIGN: readonly StoredForm[] = vectors('mongodb', '5.6.3')
  .filter((vector) => vector.serializer !== 'json' && vector.name === 'success_dict_nested')
  .map((vector) => ({ name: title(vector), stored: bytesOf(vector) }));

const document = (result: unknown): Uint8Array =>
  BSON.serialize({ _id: '', status: 'SUCCESS', result, traceback: null, children: [], date_done: null });
const DEEP = 10_000;
const BOMBS: readonly StoredForm[] = [
  { name: 'nested arrays', stored: document('['.repeat(DEEP) + ']'.repeat(DEEP)) },
  { name: 'nested objects', stored: document(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`) },
];

export const STORED: Pick<RawAccess, 'vectors' | 'foreign' | 'bombs' | 'canonical' | 'garbage'> = {
  vectors: GOLDEN,
  foreign: FOREIGN,
  bombs: BOMBS,
  garbage: document('rb: not a stored record'),
  // Python writes a space after each `:` and `,` of JSON; and what a reader with result_extended wants is null here, not left out.
  canonical(stored) {
    const { result, ...fields } = BSON.deserialize(stored as Uint8Array, { promoteValues: false });
    const nulls = Object.fromEntries(EXTENDED.map((key) => [key, null]));
    return {
      ...nulls,
      ...(JSON.parse(BSON.EJSON.stringify(fields, { relaxed: false })) as object),
      result: json.decode(result),
    };
  },
};
