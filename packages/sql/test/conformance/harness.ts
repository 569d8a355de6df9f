import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Handle, Harness, OpenVariant, World } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { type SqliteStoreOptions, sqliteStore } from '@rb/sql/sqlite';
import Database from 'better-sqlite3';
import { rawAccess } from './raw.ts';

/** What the kit fills a store up to; the default of 64 MiB takes seconds. */
const MAX_BYTES = 4 * 2 ** 20;
/** The kit waits for a few hundred notifications. */
const POLL_MS = 2;
/** Of the variant that finds its file locked for good. */
const BUSY_TIMEOUT_MS = 50;

/** In a file of its own per world. As plain Node imports it, so that a second process can join: hence the built package. */
export const harness: Harness = sqliteHarness('sqlite', {});

/** Nothing but Celery's own columns. */
export const celeryHarness: Harness = sqliteHarness('sqlite, layout celery', { layout: 'celery' });

/** @param rawOf Beneath the adapter, on a new file. */
export function sqliteHarness(name: string, options: SqliteStoreOptions, rawOf: typeof rawAccess = rawAccess): Harness {
  const isMain = options.layout === undefined;
  return {
    name,
    ...(isMain && { module: import.meta.url }),
    quietMs: 25,
    async about() {
      const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
      const database = new Database(':memory:');
      const server = `SQLite ${database.prepare('SELECT sqlite_version()').pluck().get()}`;
      database.close();
      return { storeVersion: version, server };
    },
    async world(token) {
      const filename = token ?? join(await mkdtemp(join(tmpdir(), 'rb-sqlite-kit-')), 'results.db');
      const clock = virtualClock();
      const common = { ...options, now: clock.now, maxBytes: MAX_BYTES, pollMs: POLL_MS };
      const raw = rawOf(filename, common);
      const world: World = {
        clock,
        raw: raw.access,
        token: filename,
        open: (variant = 'default') => openHandle(filename, common, variant),
        async dispose() {
          raw.close();
          if (token === undefined) await rm(dirname(filename), { recursive: true, force: true });
        },
      };
      return world;
    },
  };
}

async function openHandle(filename: string, common: SqliteStoreOptions, variant: OpenVariant): Promise<Handle | null> {
  switch (variant) {
    case 'default':
      return { store: sqliteStore({ ...common, filename }) };
    case 'other-namespace':
      return { store: sqliteStore({ ...common, filename, tables: { task: 'other_task', group: 'other_group' } }) };
    case 'borrowed-client':
      return borrowed(filename, common);
    case 'no-schema':
      return without(filename, common);
    case 'unreachable':
      return locked(filename, common);
    case 'bad-credentials':
      // There are none.
      return null;
    case 'clock-ahead':
      // All processes that share a file share the clock of its machine.
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(filename: string, common: SqliteStoreOptions): Handle {
  const database = new Database(filename);
  return {
    store: sqliteStore({ ...common, database }),
    clientWorks: async () => database.open && database.prepare('SELECT 1').pluck().get() === 1,
    async dispose() {
      database.close();
    },
  };
}

/** A database that is there and has no tables. */
function without(filename: string, common: SqliteStoreOptions): Handle {
  const empty = `${filename}-empty`;
  new Database(empty).exec('PRAGMA user_version = 1').close();
  return { store: sqliteStore({ ...common, filename: empty, createTables: false }) };
}

/** What comes closest to a server that is not there: a database that another program has locked and does not let go. */
function locked(filename: string, common: SqliteStoreOptions): Handle {
  const taken = `${filename}-locked`;
  const holder = new Database(taken);
  holder.exec('PRAGMA user_version = 1; BEGIN EXCLUSIVE');
  return {
    store: sqliteStore({ ...common, filename: taken, busyTimeoutMs: BUSY_TIMEOUT_MS }),
    async dispose() {
      holder.close();
    },
  };
}
