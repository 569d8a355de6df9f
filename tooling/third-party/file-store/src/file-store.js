import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  abortable,
  CONTRACT_VERSION,
  decodeRecord,
  encodeRecord,
  isFinal,
  json,
  ResultError,
  throwIfAborted,
} from '@rb/core';

/** A writer holds a lock for a few file operations; one that is held so long was left by a process that died. */
const LOCK_LIMIT_MS = 5_000;

/**
 * Results as files, one per task: Celery's JSON document. A write replaces the file by rename(2), so that readers see the one
 * before or the one after; writers of one task take turns by a lock file, so that SUCCESS is final.
 *
 * @param {{ readonly folder: string }} options The folder may be shared by any number of processes of one machine.
 * @returns {import('@rb/core').ResultStore}
 */
export function fileStore({ folder }) {
  let closed = false;
  // Of one length, and not the same file for an id in another case.
  const fileOf = (taskId) => join(folder, createHash('sha256').update(taskId).digest('hex'));

  /** What every call does: nothing once closed or aborted, and no foreign error. */
  async function call(doing, { signal } = {}, work) {
    if (closed) throw new ResultError('RB_CLOSED', `the file store in ${folder} is closed; ${doing} was not done`);
    throwIfAborted(signal, doing);
    const run = async () => {
      await mkdir(folder, { recursive: true });
      return work(() => throwIfAborted(signal, doing));
    };
    try {
      return await abortable(run(), signal, doing);
    } catch (error) {
      if (error instanceof ResultError) throw error;
      throw new ResultError('RB_STORE', `${doing} in ${folder} failed: ${error.code ?? error.name}`, { cause: error });
    }
  }

  async function write({ taskId }, text) {
    const file = fileOf(taskId);
    const next = `${file}.${randomUUID()}`;
    await writeFile(next, text);
    return locked(file, async () => {
      const current = await stored(taskId);
      if (current && isFinal(current.state)) {
        await unlink(next);
        return { applied: false, state: current.state };
      }
      await rename(next, file);
      return { applied: true };
    });
  }

  async function stored(taskId) {
    const text = await readFile(fileOf(taskId), 'utf8').catch(unlessMissing);
    if (text === undefined) return undefined;
    try {
      return decodeRecord(taskId, text, json, null);
    } catch (refused) {
      return { taskId, refused };
    }
  }

  const deleteOne = (taskId) =>
    locked(fileOf(taskId), () => unlink(fileOf(taskId)).then(() => 1, unlessMissing)).then((count) => count ?? 0);

  return {
    contract: CONTRACT_VERSION,
    name: 'file',
    traits: { durable: true, readers: 'any', maxBytes: Number.POSITIVE_INFINITY, keeps: 'all' },
    async put(records, options) {
      // Before the first await: afterwards the caller may change its objects.
      const encoded = records.map((record) => ({ record, ...encode(record) }));
      return call('the put', options, async (checkAbort) => {
        const outcomes = [];
        for (const { record, text, refused } of encoded) {
          checkAbort();
          outcomes.push(refused ? { refused } : await write(record, text));
        }
        return outcomes;
      });
    },
    get: (taskIds, options) => call('the get', options, () => Promise.all(taskIds.map(stored))),
    delete: (taskIds, options) =>
      call('the delete', options, async () => {
        const counts = await Promise.all([...new Set(taskIds)].map(deleteOne));
        return counts.reduce((sum, count) => sum + count, 0);
      }),
    async close() {
      closed = true;
    },
  };
}

/** Errors: none; what cannot be encoded concerns its record alone. */
function encode(record) {
  try {
    return { text: encodeRecord(record, json) };
  } catch (refused) {
    return { refused };
  }
}

async function locked(file, work) {
  const lock = `${file}.lock`;
  const until = performance.now() + LOCK_LIMIT_MS;
  while (!(await taken(lock))) {
    if (performance.now() > until) {
      throw new ResultError('RB_UNAVAILABLE', `a process that died left ${lock}: remove it`, { retryable: false });
    }
    await sleep(1 + Math.random() * 4);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

const taken = (lock) =>
  writeFile(lock, String(process.pid), { flag: 'wx' }).then(
    () => true,
    (error) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );

const unlessMissing = (error) => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};
