import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, RawAccess } from '@rb/conformance';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type MongoStoreOptions, mongoStore } from '@rb/mongo';
import { BSON, type Collection, type Db, MongoClient } from 'mongodb';
import { STORED } from './stored.ts';

/** Where the kit's second process finds the server, and who runs the kit from the command line. */
const URL_VARIABLE = 'RB_MONGO_KIT_URL';

/** What the kit fills a store up to. */
const MAX_BYTES = 4 * 2 ** 20;

/** Short, so that outages of a second tell something. */
const TIMES = { connectTimeoutMs: 1_000, serverSelectionTimeoutMs: 1_500, queryTimeoutMs: 2_000 };

const HOUR_MS = 3_600_000;

interface Named {
  readonly _id: string;
}

/**
 * On a server that others use too: a world is a database. As plain Node imports it: hence the built package.
 *
 * @param restart Of a server of the harness's own.
 */
export function mongoHarness(name: string, url: string, restart?: () => Promise<void>): Harness {
  return {
    name,
    module: import.meta.url,
    async about() {
      const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
      await using admin = new MongoClient(url);
      const { version: server, documentdb } = await admin.db().command({ buildInfo: 1 });
      return { storeVersion: version, server: documentdb ? `DocumentDB ${documentdb}` : `MongoDB ${server}` };
    },
    async world(joined) {
      process.env[URL_VARIABLE] = url;
      const token = joined ?? `rb_${randomUUID()}`;
      const admin = new MongoClient(url);
      const database = admin.db(token);
      return {
        ...(restart && { restart }),
        token,
        clock: {
          kind: 'ageing',
          async age(id, ms) {
            const back = [{ $set: { rb_expires_at: { $subtract: ['$rb_expires_at', ms] } } }];
            for (const collection of ['celery_taskmeta', 'celery_groupmeta'])
              await database
                .collection<Named>(collection)
                .updateOne({ _id: id, rb_expires_at: { $type: 'date' } } as object, back);
          },
        },
        raw: rawAccess(database),
        open: (variant) => openHandle(url, token, variant),
        async dispose() {
          if (joined === undefined) {
            await database.dropDatabase();
            await admin.db(`${token}_other`).dropDatabase();
          }
          await admin.close();
        },
      };
    },
  };
}

/** For the command line, and for second processes. */
export const harness: Harness = mongoHarness('mongo', process.env[URL_VARIABLE] ?? 'mongodb://127.0.0.1:27017');

async function openHandle(url: string, database: string, variant: OpenVariant = 'default'): Promise<Handle | null> {
  const proxy = await tcpProxy(url);
  const handle = (options: MongoStoreOptions, end?: () => Promise<unknown>): Handle => ({
    store: mongoStore({
      ...(options.client === undefined && { url: proxy.url, ...TIMES }),
      database,
      maxBytes: MAX_BYTES,
      ...options,
    }),
    link: proxy,
    async dispose() {
      await end?.();
      await proxy.close();
    },
  });
  switch (variant) {
    case 'default':
      return handle({});
    case 'other-namespace':
      return handle({ database: `${database}_other` });
    case 'unreachable':
      // Nobody listens on the port of TCPMUX any more.
      return handle({ url: 'mongodb://127.0.0.1:1' });
    case 'borrowed-client': {
      const client = new MongoClient(proxy.url);
      const borrowed = handle({ client }, () => client.close());
      return { ...borrowed, clientWorks: async () => (await client.db(database).command({ ping: 1 })).ok === 1 };
    }
    case 'clock-ahead':
      return handle({ now: () => Date.now() + HOUR_MS });
    case 'no-schema':
    case 'bad-credentials':
      // There is no schema; and the server of the tests knows no users.
      await proxy.close();
      return null;
    default:
      return variant satisfies never;
  }
}

function rawAccess(database: Db): RawAccess {
  const tasks: Collection<Named> = database.collection('celery_taskmeta');
  return {
    ...STORED,
    async read(taskId) {
      const found = (await tasks.findOne({ _id: taskId }, { raw: true })) as unknown as Uint8Array | null;
      return found === null ? undefined : new Uint8Array(found);
    },
    async write(taskId, stored) {
      const { _id, ...document } = deserialize(stored as Uint8Array);
      await tasks.replaceOne({ _id: taskId }, document, { upsert: true });
    },
    async litter() {
      await database.collection('another').insertOne({ x: 1 });
      await database.collection('celery_taskmeta').insertMany([{ x: 1 }, { status: 'SUCCESS' }]);
    },
  };
}

/** As it is, with the types that it has. */
const deserialize = (bytes: Uint8Array): Record<string, unknown> => BSON.deserialize(bytes, { promoteValues: false });
