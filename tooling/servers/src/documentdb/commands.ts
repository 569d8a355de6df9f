import { setTimeout as delay } from 'node:timers/promises';
import { BSON } from 'mongodb';
import type pg from 'pg';
import { COMMAND_NOT_FOUND, CommandError, ILLEGAL_OPERATION, NAMESPACE_NOT_FOUND } from './command-error.ts';
import type { Cursors } from './cursors.ts';
import { createIndexes, document, row, write } from './engine.ts';
import { MAX_MESSAGE_BYTES } from './wire.ts';

/** A command of a client. */
export interface Command {
  readonly client: object;
  readonly database: string;
  /** As it came, and decoded. */
  readonly raw: Uint8Array;
  readonly body: BSON.Document;
  readonly sequence: Uint8Array | null;
}

/** What stands behind the commands. */
export interface Engine {
  readonly pool: pg.Pool;
  readonly cursors: Cursors;
}

type Answer = Uint8Array | Readonly<Record<string, unknown>>;
type Handler = (command: Command, engine: Engine) => Promise<Answer>;

/** MongoDB 7.0, by which drivers know what they may send. DocumentDB takes what that version takes, with the gaps of README.md. */
const WIRE_VERSION = 21;
const COMPATIBLE_VERSION = [7, 0, 0, 0] as const;

/** Each time another one was served. */
const MAX_TRIES = 20;

const SPEC = '$2::bytea::documentdb_core.bson';

const writer =
  (name: Parameters<typeof write>[1]): Handler =>
  ({ database, raw, sequence }, { pool }) =>
    write(pool, name, [database, raw, sequence]);

const reader =
  (call: string): Handler =>
  ({ client, database, raw }, { cursors }) =>
    cursors.open(client, call, database, raw);

const query =
  (call: string): Handler =>
  ({ database, raw }, { pool }) =>
    document(pool, call, [database, raw]);

let connections = 0;

const hello: Handler = async () => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId: ++connections,
  minWireVersion: 0,
  maxWireVersion: WIRE_VERSION,
  readOnly: false,
  ok: 1,
});

/** All that the gateway knows. Everything about data is the engine's own doing. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  insert: writer('insert'),
  update: writer('update'),
  delete: writer('delete'),
  find: reader('find_cursor_first_page'),
  aggregate: reader('aggregate_cursor_first_page'),
  listcollections: reader('list_collections_cursor_first_page'),
  listindexes: reader('list_indexes_cursor_first_page'),
  findandmodify: query(`(documentdb_api.find_and_modify($1, ${SPEC})).p_result::bytea`),
  count: query(`(documentdb_api.count_query($1, ${SPEC}))::bytea`),
  distinct: query(`(documentdb_api.distinct_query($1, ${SPEC}))::bytea`),
  create: query(`documentdb_api.create_collection_view($1, ${SPEC})::bytea`),
  hello,
  ismaster: hello,

  async getmore({ database, raw, body }, { cursors }) {
    return cursors.next(String(body.getMore), database, raw);
  },
  async killcursors({ body }, { cursors }) {
    const ids: readonly unknown[] = body.cursors;
    const killed = ids.map((id) => cursors.end(String(id)));
    return {
      cursorsKilled: ids.filter((_, i) => killed[i]),
      cursorsNotFound: ids.filter((_, i) => !killed[i]),
      cursorsAlive: [],
      cursorsUnknown: [],
      ok: 1,
    };
  },
  createindexes: ({ database, raw }, { pool }) => createIndexes(pool, database, raw),
  async dropindexes({ database, raw }, { pool }) {
    const { retval } = await row<{ retval: string }>(pool, `CALL documentdb_api.drop_indexes($1, ${SPEC})`, [
      database,
      raw,
    ]);
    // A procedure gives no bytes, and its documents print as BSONHEX and digits.
    return Buffer.from(retval.replace(/^BSONHEX/, ''), 'hex');
  },
  async drop({ database, body }, { pool }) {
    const { dropped } = await row<{ dropped: boolean }>(
      pool,
      'SELECT documentdb_api.drop_collection($1, $2) AS dropped',
      [database, body.drop],
    );
    if (!dropped) throw new CommandError(NAMESPACE_NOT_FOUND, 'ns not found');
    return { ns: `${database}.${body.drop}`, ok: 1 };
  },
  async dropdatabase({ database }, { pool }) {
    await pool.query('SELECT documentdb_api.drop_database($1)', [database]);
    return { dropped: database, ok: 1 };
  },
  listdatabases: ({ raw }, { pool }) =>
    document(pool, 'documentdb_api.list_databases($1::bytea::documentdb_core.bson)::bytea', [raw]),
  collmod: ({ database, body, raw }, { pool }) =>
    document(pool, 'documentdb_api.coll_mod($1, $2, $3::bytea::documentdb_core.bson)::bytea', [
      database,
      body.collMod,
      raw,
    ]),
  dbstats: ({ database }, { pool }) => document(pool, 'documentdb_api.db_stats($1)::bytea', [database]),
  collstats: ({ database, body }, { pool }) =>
    document(pool, 'documentdb_api.coll_stats($1, $2)::bytea', [database, body.collStats]),

  async ping(_, { pool }) {
    await pool.query('SELECT 1');
    return { ok: 1 };
  },
  // Sessions hold nothing here: there are no transactions.
  endsessions: async () => ({ ok: 1 }),
  async buildinfo(_, { pool }) {
    const { version } = await row<{ version: string }>(
      pool,
      'SELECT documentdb_api.binary_extended_version() AS version',
    );
    return {
      version: COMPATIBLE_VERSION.slice(0, 3).join('.'),
      versionArray: COMPATIBLE_VERSION,
      documentdb: version,
      ok: 1,
    };
  },
};

/** Errors: CommandError, or PostgreSQL's with a state of DocumentDB's. */
export async function runCommand(command: Command, engine: Engine): Promise<Uint8Array> {
  const [name = ''] = Object.keys(command.body);
  const handler = HANDLERS[name.toLowerCase()];
  if (handler === undefined) throw new CommandError(COMMAND_NOT_FOUND, `no such command: '${name}'`);
  if (command.body.startTransaction)
    throw new CommandError(ILLEGAL_OPERATION, 'Transaction numbers are only allowed on a replica set member or mongos');
  const answer = await withoutDeadlock(() => handler(command, engine));
  return answer instanceof Uint8Array ? answer : BSON.serialize(answer);
}

/** PostgreSQL's, of the engine's own statements. MongoDB waits for locks in one order and has none: it tells its clients of none either. */
async function withoutDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== '40P01' || tries === MAX_TRIES) throw error;
    }
    await delay(Math.random() * tries * 10);
  }
}
