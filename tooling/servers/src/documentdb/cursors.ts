import type pg from 'pg';
import { CommandError, CURSOR_NOT_FOUND } from './command-error.ts';
import { row } from './engine.ts';

/** What is read in pages. */
export interface Cursors {
  /** The first page. @param client Who asks: when it goes, so do its cursors. */
  open(client: object, call: string, database: string, body: Uint8Array): Promise<Uint8Array>;
  next(id: string, database: string, body: Uint8Array): Promise<Uint8Array>;
  /** Whether there was one. */
  end(id: string): boolean;
  endOf(client: object): void;
}

interface Cursor {
  readonly client: object;
  /** Where the engine goes on. */
  continuation: Uint8Array;
  /** Of cursors that live in the engine's session: the session. */
  readonly session: pg.PoolClient | undefined;
}

interface Page {
  readonly page: Uint8Array;
  /** null where this page is the last. */
  readonly continuation: Uint8Array | null;
}

interface FirstPage extends Page {
  readonly id: string;
  readonly persist: boolean;
}

export function openCursors(pool: pg.Pool): Cursors {
  const cursors = new Map<string, Cursor>();

  function end(id: string): boolean {
    cursors.get(id)?.session?.release();
    return cursors.delete(id);
  }

  return {
    end,
    async open(client, call, database, body) {
      const session = await pool.connect();
      let kept = false;
      try {
        const { page, continuation, id, persist } = await row<FirstPage>(
          session,
          `SELECT cursorpage::bytea AS page, continuation::bytea, cursorid::text AS id, persistconnection AS persist
             FROM documentdb_api.${call}($1, $2::bytea::documentdb_core.bson)`,
          [database, body],
        );
        if (continuation !== null && id !== '0') {
          kept = persist;
          cursors.set(id, { client, continuation, session: persist ? session : undefined });
        }
        return page;
      } finally {
        if (!kept) session.release();
      }
    },
    async next(id, database, body) {
      const cursor = cursors.get(id);
      if (cursor === undefined) throw new CommandError(CURSOR_NOT_FOUND, `cursor id ${id} not found`);
      const { page, continuation } = await row<Page>(
        cursor.session ?? pool,
        `SELECT cursorpage::bytea AS page, continuation::bytea
           FROM documentdb_api.cursor_get_more($1, $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bson)`,
        [database, body, cursor.continuation],
      );
      if (continuation === null) end(id);
      else cursor.continuation = continuation;
      return page;
    },
    endOf(client) {
      for (const [id, cursor] of cursors) if (cursor.client === client) end(id);
    },
  };
}
