import { BSON } from 'mongodb';
import type pg from 'pg';
import { CommandError, codeOfPacked, DUPLICATE_KEY } from './command-error.ts';

/** What a pool and one client of it have in common. */
export type Connection = Pick<pg.Pool, 'query'>;

/** Decoded without loss: what is encoded again must be what it was. */
const LOSSLESS = { promoteLongs: false, promoteBuffers: true } as const;

export const decode = (document: Uint8Array): BSON.Document => BSON.deserialize(document, LOSSLESS);

/** The one row of a statement. */
export async function row<Row>(
  connection: Connection,
  statement: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const { rows } = await connection.query(statement, [...values]);
  return rows[0];
}

/** A call of the engine that gives a document: the type that the engine has for them casts to bytes and from them. */
export async function document(
  connection: Connection,
  call: string,
  values: readonly unknown[] = [],
): Promise<Uint8Array> {
  const { result } = await row<{ result: Uint8Array }>(connection, `SELECT ${call} AS result`, values);
  return result;
}

/** Inserts, updates and deletes answer with errors of their own per document. */
export async function write(
  connection: Connection,
  name: 'insert' | 'update' | 'delete',
  values: readonly [database: string, body: Uint8Array, sequence: Uint8Array | null],
): Promise<Uint8Array> {
  const call = `(documentdb_api.${name}($1, $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bsonsequence))`;
  const answer = await document(connection, `${call}.p_result::bytea`, values);
  const decoded = decode(answer);
  if (decoded.writeErrors === undefined) return answer;
  const writeErrors = decoded.writeErrors.map((error: BSON.Document) => {
    const code = codeOfPacked(Number(error.code));
    // Drivers and people tell a duplicate by these words too.
    const duplicate = code === DUPLICATE_KEY && !String(error.errmsg).includes('E11000');
    return { ...error, code, errmsg: duplicate ? `E11000 duplicate key error: ${error.errmsg}` : error.errmsg };
  });
  return BSON.serialize({ ...decoded, writeErrors });
}

const INDEX_BUILD_STEP_MS = 20;
const INDEX_BUILD_STEPS = 1_000;

/** The engine queues an index for its own workers; MongoDB answers when it is there, so this builds it meanwhile. */
export async function createIndexes(pool: Connection, database: string, body: Uint8Array): Promise<BSON.Document> {
  const queued = await row<{ retval: Uint8Array; ok: boolean; requests: Uint8Array | null }>(
    pool,
    `SELECT retval::bytea, ok, requests::bytea
       FROM documentdb_api.create_indexes_background($1, $2::bytea::documentdb_core.bson)`,
    [database, body],
  );
  const answer = indexAnswer(queued.retval);
  if (!queued.ok || answer.errmsg !== undefined) throw indexError(answer);
  const { requests } = queued;
  if (requests === null || decode(requests).indexRequest === undefined) return { ...answer, ok: 1 };
  for (let step = 0; step < INDEX_BUILD_STEPS; step++) {
    // One that a worker of the engine is building cannot be built here: its state below says how far it is.
    await pool.query('CALL documentdb_api_internal.build_index_concurrently(1)').catch(() => undefined);
    const state = await row<{ retval: Uint8Array; ok: boolean; complete: boolean }>(
      pool,
      `SELECT retval::bytea, ok, complete
         FROM documentdb_api_internal.check_build_index_status($1::bytea::documentdb_core.bson)`,
      [requests],
    );
    if (!state.ok) throw indexError(indexAnswer(state.retval));
    if (state.complete) return { ...answer, ok: 1 };
    await new Promise((resolve) => setTimeout(resolve, INDEX_BUILD_STEP_MS));
  }
  throw new CommandError(1, 'the index was not built in time');
}

/** It answers per shard, of which there is one. */
function indexAnswer(retval: Uint8Array): BSON.Document {
  const decoded = decode(retval);
  const [shard] = Object.values(decoded.raw ?? {}) as readonly BSON.Document[];
  return shard ?? decoded;
}

const indexError = ({ code = 1, errmsg = 'the index could not be built' }: BSON.Document): CommandError =>
  new CommandError(codeOfPacked(Number(code)), String(errmsg));
