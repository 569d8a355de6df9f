import { pickleSerializer } from '@rb/serializers/pickle';
import { CELERY_VERSIONS, type CeleryVersion, columnOf, type Vector, vectors } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import type { Oracle } from '../src/oracle.ts';
import { type Tagged, toTagged } from '../src/tags.ts';
import { pickleValue } from './arbitraries.ts';
import { VALUES } from './values.ts';

// What Python can tell apart is read exactly, and objects of unknown classes are written back as what they were.
const pickle = pickleSerializer({ exactFloats: true, writeOpaque: true });

const loaded = (oracle: Oracle, bytes: string | Uint8Array): Promise<Tagged> =>
  oracle.call('pickle_loads', { body: Buffer.from(bytes).toString('base64') });

const dumped = async (oracle: Oracle, value: unknown, protocol?: number): Promise<Uint8Array> =>
  Buffer.from(await oracle.call('pickle_dumps', { value: toTagged(value), protocol }), 'base64');

/** Any value -> Python -> ours -> Python: what Python has in the end is what it had. */
async function expectEqual(oracle: Oracle, value: unknown, protocol?: number): Promise<void> {
  const theirs = await dumped(oracle, value, protocol);
  const original = await loaded(oracle, theirs);
  expect(await loaded(oracle, pickle.encode(value)), 'Python reads ours').toEqual(original);
  expect(await loaded(oracle, pickle.encode(pickle.decode(theirs))), 'Python reads it back').toEqual(original);
}

/** Every pickle in the rows of one version: results, groups, and the arguments of a Celery that is set to pickle. */
const stored = (version: CeleryVersion): readonly (readonly [string, Uint8Array])[] =>
  (['sqlite', 'postgresql', 'mysql'] as const)
    .flatMap((backend) => vectors(backend, version))
    .filter(({ store_error }) => store_error === undefined)
    .flatMap((vector) =>
      columns(vector).map((column) => [`${vector.backend} ${vector.name} ${column}`, vector, column]),
    )
    .flatMap(([name, vector, column]) => {
      const bytes = columnOf(vector as Vector, column as string);
      return bytes instanceof Uint8Array ? [[name as string, bytes] as const] : [];
    });

const columns = ({ serializer }: Vector): readonly string[] =>
  serializer === 'pickle' ? ['result', 'args', 'kwargs'] : ['result'];

/** A stored group holds the URL of its database, which Celery opens on loading: the same pickle with one in memory. */
const inMemory = (bytes: Uint8Array): Buffer => {
  const [before, after] = ['sqlite:///file:', '?mode=memory&uri=true'];
  const pickled = Buffer.from(bytes)
    .toString('latin1')
    .replace(/(?:sqlite|postgresql|mysql)[+\w]*:\/\/[^\x94]+/, (url) => {
      return before + 'x'.repeat(url.length - before.length - after.length) + after;
    });
  return Buffer.from(pickled, 'latin1');
};

/** An exception is written as Celery's dict, which every configuration of Celery reads as the exception. */
function asWritten(original: Tagged): unknown {
  if (typeof original !== 'object' || original === null) return original;
  // Celery's Retry holds itself where its pickle holds the message.
  if ('$repr' in original && original.$repr === '<self>') return expect.any(String);
  if (!('$exception' in original)) return original;
  const { type, module, args } = original.$exception as {
    readonly args: readonly Tagged[];
    readonly [key: string]: Tagged;
  };
  return { exc_type: type, exc_message: { $tuple: args.map(asWritten) }, exc_module: module };
}

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  describe(`pickles of Celery ${version}`, () => {
    it('are read from every row, and written so that Python finds the same in them', async ({ oracle }) => {
      await oracle.call('configure', { backend: 'db+sqlite://' });
      const rows = stored(version);
      expect(rows.length).toBeGreaterThan(300);
      for (const [name, bytes] of rows) {
        const original = await loaded(oracle, inMemory(bytes));
        expect(await loaded(oracle, pickle.encode(pickle.decode(bytes))), name).toEqual(asWritten(original));
      }
    });

    it.for(VALUES)('carry %s in every protocol', async ([, value], { oracle }) => {
      for (const protocol of [0, 1, 2, 3, 4, 5]) await expectEqual(oracle, value, protocol);
    });

    it('carry any value', { timeout: 60_000 }, async ({ oracle }) => {
      await fc.assert(
        fc.asyncProperty(pickleValue, (value) => expectEqual(oracle, value)),
        { numRuns: 1_000 },
      );
    });
  });
}
