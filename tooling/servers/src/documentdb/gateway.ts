// MongoDB's wire protocol over DocumentDB, an extension of PostgreSQL that keeps and queries BSON. A process of its own,
// so that it can be killed and hung as a server can:
//
//   node gateway.ts <port> <URL of PostgreSQL>
//
// It takes OP_MSG, and the OP_QUERY by which drivers say hello. No users, TLS, replica sets, transactions, change streams.
import { createServer, type Socket } from 'node:net';
import { argv } from 'node:process';
import { BSON } from 'mongodb';
import pg from 'pg';
import { errorDocument } from './command-error.ts';
import { type Engine, runCommand } from './commands.ts';
import { openCursors } from './cursors.ts';
import { decode } from './engine.ts';
import { encodeReply, messageReader, parseRequest } from './wire.ts';

/** Each open cursor may hold one, and PostgreSQL takes 100. */
const POOL_SIZE = 40;
/** MongoDB removes expired documents each minute, too slow for tests to see it. */
const EXPIRY_MS = 1_000;

const [, , port, connectionString] = argv;
if (port === undefined || connectionString === undefined)
  throw new TypeError('usage: gateway.ts <port> <PostgreSQL URL>');

// The engine tells of indexes and plans in notices, which nobody reads.
const pool = new pg.Pool({ connectionString, max: POOL_SIZE, options: '-c client_min_messages=error' });
// An idle connection that breaks is replaced when the next command needs one.
pool.on('error', () => {});
await pool.query('CREATE EXTENSION IF NOT EXISTS documentdb CASCADE');
const engine: Engine = { pool, cursors: openCursors(pool) };

async function answer(client: Socket, message: Buffer): Promise<void> {
  const request = parseRequest(message);
  const { body: raw, sequence = null } = request;
  let reply: Uint8Array;
  try {
    const body = decode(raw);
    reply = await runCommand({ client, database: body.$db ?? request.database, raw, body, sequence }, engine);
  } catch (error) {
    reply = BSON.serialize(errorDocument(error));
  }
  if (request.answered) client.write(encodeReply(request, reply));
}

const server = createServer({ noDelay: true }, (client) => {
  const read = messageReader();
  // In order, as a client's commands are.
  let queue = Promise.resolve();
  client.on('error', () => client.destroy());
  client.on('close', () => engine.cursors.endOf(client));
  client.on('data', (bytes) => {
    try {
      for (const message of read(bytes))
        queue = queue.then(() => answer(client, message)).catch(() => void client.destroy());
    } catch {
      client.destroy(); // not this protocol
    }
  });
});

setInterval(() => pool.query('CALL documentdb_api_internal.delete_expired_rows()').catch(() => {}), EXPIRY_MS);
server.listen(Number(port), '127.0.0.1');
