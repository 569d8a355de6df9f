import type { Redis } from 'ioredis';
import type { Client } from './connection.js';

/** The masters of a Cluster, else the one server. */
export const serversOf = (client: Client): readonly Redis[] => ('nodes' in client ? client.nodes('master') : [client]);

export interface Batch {
  readonly keys: readonly string[];
  /** '0' at the end. */
  readonly cursor: string;
}

/**
 * One SCAN. Redis may give a key several times, and more keys than asked for.
 *
 * @param pattern Strings of such names; absent: every key.
 */
export async function scanOnce(server: Redis, cursor: string, count: number, pattern?: string): Promise<Batch> {
  const [next, keys] = await (pattern === undefined
    ? server.scan(cursor, 'COUNT', count)
    : server.scan(cursor, 'MATCH', pattern, 'COUNT', count, 'TYPE', 'string'));
  return { keys, cursor: next };
}

/** Another one after every start, like the order in which SCAN goes through the keys. The address where the user may not ask. */
export async function runIdOf(server: Redis): Promise<string> {
  const info = await server.info('server').catch((error: unknown) => {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return '';
    throw error;
  });
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? `${server.options.host}:${server.options.port}`;
}
