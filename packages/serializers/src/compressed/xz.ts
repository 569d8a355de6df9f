import { createRequire } from 'node:module';
import { type Method, notInstalled, TooLong } from './method.js';
import { measureXz } from './xz-size.js';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

/** kombu's lzma is an xz container. (Python reads the older `.lzma` form too, which nothing in kombu writes.) */
export const xz: Method = {
  name: 'lzma',
  contentType: 'application/x-lzma',
  aliases: ['xz'],
  // The library's streams have levels, but end asynchronously.
  levels: undefined,
  startsLike: (bytes) => MAGIC.every((byte, i) => bytes[i] === byte),
  compress: (bytes) => library().compressSync(bytes),
  decompress(bytes, maxBytes) {
    // Its decoder has no limit, so the stream is measured first.
    if (measureXz(bytes, maxBytes) > maxBytes) throw new TooLong();
    return library().decompressSync(bytes);
  },
};

type Library = Pick<typeof import('@napi-rs/lzma/xz'), 'compressSync' | 'decompressSync'>;

/** When it is needed, and not when this is imported: it is an optional peer. */
function library(): Library {
  try {
    return createRequire(import.meta.url)('@napi-rs/lzma/xz') as Library;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw notInstalled('lzma', '@napi-rs/lzma', cause);
  }
}
