import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ResultError, throwIfAborted } from '@rb/core';
import type { BlobStore } from './blob-store.js';

export interface FileBlobStoreOptions {
  /** Made on first use, for this user alone. To be shared by all who read the results. */
  readonly directory: string;
  /** Unix milliseconds, for the sweep; a test's own clock. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Blobs as files of one directory, named `<deadline in Unix milliseconds, or never>-<UUID>`, so that a sweep reads nothing but
 * names; it leaves each an hour more. Written aside, synchronised and renamed: a reader finds a whole blob or none.
 *
 * Errors: RB_DENIED, RB_STORE (a full disk ...) with the system's code.
 */
export function fileBlobStore({ directory, now = Date.now }: FileBlobStoreOptions): BlobStore {
  if (typeof directory !== 'string' || directory === '') throw new TypeError('expected directory as a path');
  const pathOf = (name: string): string => join(directory, name);
  const remove = (names: readonly string[]): Promise<unknown> =>
    Promise.all(names.map((name) => rm(pathOf(name), { force: true })));

  return {
    put: (bytes, { expiresAt, signal }) =>
      naming('writing', async () => {
        throwIfAborted(signal, 'writing a blob');
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const key = `${expiresAt === null ? 'never' : Math.ceil(expiresAt)}-${randomUUID()}`;
        const aside = pathOf(`${key}${ASIDE}`);
        try {
          await using file = await open(aside, 'wx', 0o600);
          await file.writeFile(bytes, { signal });
          await file.sync();
          await rename(aside, pathOf(key));
        } catch (error) {
          await rm(aside, { force: true });
          throw error;
        }
        return key;
      }),
    get: (key, { signal } = {}) =>
      naming('reading', async () => {
        throwIfAborted(signal, 'reading a blob');
        if (!KEY.test(key)) return undefined;
        try {
          return await readFile(pathOf(key), { signal });
        } catch (error) {
          if (codeOf(error) === 'ENOENT') return undefined;
          throw error;
        }
      }),
    delete: (keys, { signal } = {}) =>
      naming('removing', async () => {
        throwIfAborted(signal, 'removing blobs');
        await remove(keys.filter((key) => KEY.test(key)));
      }),
    sweep: (limit, { signal } = {}) =>
      naming('sweeping', async () => {
        throwIfAborted(signal, 'sweeping blobs');
        const names = await readdir(directory).catch((error) => {
          if (codeOf(error) === 'ENOENT') return [];
          throw error;
        });
        const expired = names.filter((name) => expiresAtOf(name) + GRACE_MS <= now()).slice(0, limit);
        await remove(expired);
        return expired.length;
      }),
  };
}

/** The record's deadline is judged by another clock, and what it reads must still be there. */
const GRACE_MS = 3_600_000;

/** Of a file that is being written; where its writer died, it goes with its deadline. */
const ASIDE = '.part';
const KEY = /^(never|-?\d{1,17})-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

function expiresAtOf(name: string): number {
  const [, deadline] = KEY.exec(name.endsWith(ASIDE) ? name.slice(0, -ASIDE.length) : name) ?? [];
  return deadline === undefined || deadline === 'never' ? Number.POSITIVE_INFINITY : Number(deadline);
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;

async function naming<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause);
    if (typeof code !== 'string' || code.startsWith('RB_')) throw cause;
    if (code === 'ABORT_ERR') throw new ResultError('RB_ABORTED', `${doing} a blob was aborted`, { cause });
    const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
    throw new ResultError(denied ? 'RB_DENIED' : 'RB_STORE', `${doing} a blob failed: ${code}`, { cause });
  }
}
