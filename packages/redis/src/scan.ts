import {
  matchesFilter,
  type Refused,
  type ScanCapability,
  type ScanOptions,
  type ScanPage,
  type TaskRecord,
} from '@rb/core';
import type { Redis } from 'ioredis';
import type { Client, Connection } from './connection.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';
import { getAll } from './read.js';
import { formatPosition, type Position, parsePosition, START } from './scan-position.js';
import { runIdOf, scanOnce, serversOf } from './scan-servers.js';

export interface ScanParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly layout: Layout;
}

/**
 * SCAN by pages, each id once. Within one scan the ids seen are remembered, some 100 bytes each, as Redis repeats keys while it
 * resizes. A server that was started anew, or took the place of another, is gone through from its beginning: what was yielded of it
 * may come again after a cursor, and nothing is missed.
 */
export function scanOf({ connection, keys, layout }: ScanParts): ScanCapability {
  async function* pages(options: ScanOptions = {}): AsyncGenerator<ScanPage> {
    const { filter = {}, after, pageSize = 500, verbatim, deadlines, signal } = options;
    const run = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
      connection.run({ doing: 'the scan', write: false, signal }, work);
    const matches = (record: TaskRecord | Refused): boolean => !('state' in record) || matchesFilter(record, filter);
    let position = after === undefined ? START : parsePosition(after);
    const seen = new Set(position.left);
    let server: Server | undefined;

    /** Goes on by one batch; false at the end. */
    const advance = async (client: Client): Promise<boolean> => {
      server ??= await serverAfter(client, position);
      if (server === undefined) return false;
      const { node, run: expected } = server;
      const from = position.run === expected ? position.cursor : '0';
      // Sent together, hence answered by one and the same process.
      const [found, batch] = await Promise.all([
        runIdOf(node),
        scanOnce(node, from, Math.max(pageSize, MIN_COUNT), keys.taskPattern),
      ]);
      if (found !== expected) {
        server = undefined;
        return advance(client);
      }
      const left = [...new Set(batch.keys.flatMap((key) => keys.taskIdOf(key) ?? []))].filter((id) => !seen.has(id));
      for (const id of left) seen.add(id);
      const isEnd = batch.cursor === '0';
      if (isEnd) server = undefined;
      position = isEnd
        ? { done: [...position.done, expected], cursor: '0', left }
        : { done: position.done, run: expected, cursor: batch.cursor, left };
      return true;
    };

    while (position.left.length > 0 || (await run(advance))) {
      const { left } = position;
      position = { ...position, left: left.slice(pageSize) };
      const outcomes = await run((client) =>
        getAll(client, keys, layout, left.slice(0, pageSize), { verbatim, deadlines }),
      );
      const records = outcomes.filter((outcome) => outcome !== undefined).filter(matches);
      if (records.length > 0) yield { records, cursor: formatPosition(position) };
    }
  }
  return { pages };
}

/** Keys per SCAN, other programs' among them: fewer would be a round trip for each. What does not fit the page is in its cursor. */
const MIN_COUNT = 100;

interface Server {
  readonly node: Redis;
  readonly run: string;
}

/** The server that the position is on, where it still runs; else one that the scan has not been through. */
async function serverAfter(client: Client, { run, done }: Position): Promise<Server | undefined> {
  const servers = await Promise.all(serversOf(client).map(async (node) => ({ node, run: await runIdOf(node) })));
  return servers.find((each) => each.run === run) ?? servers.find((each) => !done.includes(each.run));
}
