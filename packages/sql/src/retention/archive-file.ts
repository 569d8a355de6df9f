import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { ResultError } from '@rb/core';

const compressed = promisify(gzip);
const isCompressed = (path: string): boolean => path.endsWith('.gz');
const NEWLINE = 0x0a;

export interface ArchiveFile {
  /** Resolves once the lines are on the disk. */
  write(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file to append lines to, readable by its owner alone. One that is compressed must be new: where a run was cut off in
 * the middle of a part, nothing behind it could be read. Each batch is a part of its own (a gzip member).
 *
 * Errors: RB_STORE with what the file system says.
 */
export async function openArchive(path: string): Promise<ArchiveFile> {
  const failing = failure(`writing the archive ${path}`);
  const handle = await open(path, isCompressed(path) ? 'ax' : 'a+', 0o600).catch(failing);
  await prepare(handle, path).catch(failing);
  return {
    async write(lines) {
      const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      try {
        await handle.appendFile(isCompressed(path) ? await compressed(text) : text);
        await handle.datasync();
      } catch (error) {
        failing(error);
      }
    },
    close: () => handle.close(),
  };
}

/** Puts the file's name on the disk; ends a line that was cut off, so that it spoils no other. */
async function prepare(handle: FileHandle, path: string): Promise<void> {
  // Where a system has no such thing the name is safe as it is, or cannot be made so.
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
  const { size } = await handle.stat();
  if (size === 0) return;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] !== NEWLINE) await handle.appendFile('\n');
}

/** Longer than any line of ours: records are below 64 MiB, and a byte takes four characters at most. */
const MAX_LINE_BYTES = 300 * 2 ** 20;

/** Lines without their ends. What is behind a place that cannot be read, such as the cut-off end of a .gz, is one failure. */
export async function* readLines(path: string): AsyncGenerator<Uint8Array | Error> {
  const file = createReadStream(path);
  const source = isCompressed(path) ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => source.destroy(error));
  let rest: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...rest, chunk.subarray(start, end)]);
        [rest, length, start] = [[], 0, end + 1];
      }
      rest.push(chunk.subarray(start));
      length += chunk.length - start;
      if (length > MAX_LINE_BYTES) throw new TypeError(`expected lines of at most ${MAX_LINE_BYTES} bytes`);
    }
    if (length > 0) yield Buffer.concat(rest);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code.startsWith('E')) failure(`reading the archive ${path}`)(error);
    yield error instanceof TypeError ? error : new Error('the file is cut off or damaged from here on');
  } finally {
    file.destroy();
  }
}

const failure =
  (doing: string) =>
  (cause: unknown): never => {
    const { code } = cause as NodeJS.ErrnoException;
    const advice =
      code === 'EEXIST' ? 'it exists, and a compressed file cannot be continued' : (code ?? 'see the cause');
    throw new ResultError('RB_STORE', `${doing} failed: ${advice}`, { cause });
  };
