import type { ApplyOptions } from './apply.js';
import { mistake } from './policy.js';
import type { ArchiveSource, RestoreOptions } from './restore.js';

export function checkApply({ archive, batchSize, limit, pauseMs, onProgress, signal }: ApplyOptions): void {
  if (archive !== undefined) checkArchive(archive, 'archive');
  for (const [name, value] of Object.entries({ batchSize, limit }))
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw mistake(`an integer from 1 up as ${name}`, value);
  if (pauseMs !== undefined && !(Number.isFinite(pauseMs) && pauseMs >= 0))
    throw mistake('milliseconds from 0 up as pauseMs', pauseMs);
  checkCalling(onProgress, signal);
}

export function checkRestore(source: ArchiveSource, { where, onProgress, signal }: RestoreOptions): void {
  checkArchive(source, 'the source');
  if (where !== undefined && (typeof where !== 'object' || where === null)) throw mistake('a filter as where', where);
  checkCalling(onProgress, signal);
}

function checkArchive(archive: ArchiveSource, what: string): void {
  const values = typeof archive === 'object' && archive !== null ? [archive.file, archive.table] : [];
  const [given, ...more] = values.filter((value) => value !== undefined);
  if (typeof given !== 'string' || given === '' || more.length > 0)
    throw mistake(`{ file: path } or { table: name } as ${what}`, archive);
}

function checkCalling(onProgress: unknown, signal: unknown): void {
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw mistake('a function as onProgress', onProgress);
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean')
    throw mistake('an AbortSignal as signal', signal);
}
