import {
  matchesFilter,
  type Refused,
  ResultError,
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

export interface ScanParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly layout: Layout;
}

/** Where a scan stands: a node of the Cluster, Redis' cursor before a batch, and what of that batch was yielded. */
interface Position {
  readonly node: number;
  readonly cursor: string;
  readonly yielded: Yielded | null;
}

/** The same cursor with the same COUNT gives the same batch again, of which the ids up to this one were yielded. */
interface Yielded {
  readonly count: number;
  readonly id: string;
}

const START: Position = { node: 0, cursor: '0', yielded: null };

/** SCAN by pages, each id once. Within one scan the ids seen are remembered, some 100 bytes each, as Redis repeats keys while it resizes. */
export function scanOf({ connection, keys, layout }: ScanParts): ScanCapability {
  async function* pages(options: ScanOptions = {}): AsyncGenerator<ScanPage> {
    const { filter = {}, after, pageSize = 500, verbatim = false, signal } = options;
    const seen = new Set<string>();
    const run = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
      connection.run({ doing: 'the scan', write: false, signal }, work);
    let position = after === undefined ? START : parsePosition(after);
    const matches = (record: TaskRecord | Refused): boolean => !('state' in record) || matchesFilter(record, filter);

    for (;;) {
      const { node, cursor, yielded } = position;
      const count = yielded?.count ?? pageSize;
      const batch = await run((client) => scanOnce(client, node, cursor, count, keys.taskPattern));
      if (batch === undefined) return;
      const ids = batch.keys
        .flatMap((key) => keys.taskIdOf(key) ?? [])
        .filter((id) => !seen.has(id) && (yielded === null || id > yielded.id))
        .sort();
      const next: Position =
        batch.cursor === '0'
          ? { node: node + 1, cursor: '0', yielded: null }
          : { node, cursor: batch.cursor, yielded: null };
      const unique = [...new Set(ids)];
      for (const id of unique) seen.add(id);
      // A batch may hold more than was asked for, and a page may not.
      for (let from = 0; from < unique.length; from += pageSize) {
        const chunk = unique.slice(from, from + pageSize);
        const outcomes = await run((client) => getAll(client, keys, layout, chunk, verbatim));
        const records = outcomes.filter((outcome) => outcome !== undefined).filter(matches);
        const isLast = from + pageSize >= unique.length;
        const here: Position = isLast ? next : { node, cursor, yielded: { count, id: chunk.at(-1) ?? '' } };
        if (records.length > 0) yield { records, cursor: formatPosition(here) };
      }
      position = next;
    }
  }
  return { pages };
}

interface Batch {
  readonly keys: readonly string[];
  readonly cursor: string;
}

/** One SCAN on one node; undefined where there is no such node any more. @param pattern Strings of such names; absent: every key. */
export async function scanOnce(
  client: Client,
  node: number,
  cursor: string,
  count: number,
  pattern?: string,
): Promise<Batch | undefined> {
  const target = nodesOf(client)[node];
  if (target === undefined) return undefined;
  const [next, found] = await (pattern === undefined
    ? target.scan(cursor, 'COUNT', count)
    : target.scan(cursor, 'MATCH', pattern, 'COUNT', count, 'TYPE', 'string'));
  return { keys: found, cursor: next };
}

/** The masters of a Cluster in an order that other processes see too; else the one server. */
export function nodesOf(client: Client): readonly Redis[] {
  if (!('nodes' in client)) return [client];
  const address = ({ options }: Redis): string => `${options.host}:${options.port}`;
  return client.nodes('master').toSorted((a, b) => (address(a) < address(b) ? -1 : 1));
}

const formatPosition = ({ node, cursor, yielded }: Position): string =>
  JSON.stringify(yielded ? [node, cursor, yielded.count, yielded.id] : [node, cursor]);

function parsePosition(text: string): Position {
  try {
    const [node, cursor, count, id] = JSON.parse(text) as unknown[];
    if (isCount(node) && typeof cursor === 'string' && /^\d+$/.test(cursor)) {
      if (count === undefined) return { node, cursor, yielded: null };
      if (isCount(count) && typeof id === 'string') return { node, cursor, yielded: { count, id } };
    }
  } catch {
    // Said below.
  }
  throw new ResultError('RB_STORE', 'the cursor is not one of a scan of Redis: begin without');
}

const isCount = (value: unknown): value is number => Number.isInteger(value);
