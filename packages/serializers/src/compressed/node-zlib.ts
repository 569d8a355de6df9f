import zlib, { type BrotliOptions, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import { type Method, TooLong } from './method.js';

/** kombu's gzip is a zlib stream. Members of gzip files are read too; kombu does not. */
export const gzip: Method = {
  name: 'gzip',
  contentType: 'application/x-gzip',
  aliases: ['zlib'],
  levels: [0, 9],
  // Deflate with its usual window, where the header's check holds; or a gzip member. 78 5e is text as well: `x^`.
  startsLike: ([a = 0, b = 0]) => (a === 0x78 && b !== 0x5e && (a * 256 + b) % 31 === 0) || (a === 0x1f && b === 0x8b),
  compress: (bytes, level) => zlib.deflateSync(bytes, level === undefined ? {} : { level }),
  decompress: (bytes, maxOutputLength) => inflate(zlib.unzipSync, bytes, { maxOutputLength }),
};

const { ZSTD_c_checksumFlag, ZSTD_c_compressionLevel, ZSTD_d_windowLogMax } = zlib.constants;
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;

export const zstd: Method = {
  name: 'zstd',
  contentType: 'application/zstd',
  aliases: ['zstandard'],
  levels: [1, 22],
  startsLike: (bytes) => [0x28, 0xb5, 0x2f, 0xfd].every((byte, i) => bytes[i] === byte),
  // kombu up to 5.6 refuses frames that do not say how long their content is.
  compress: (bytes, level = 3) =>
    zlib.zstdCompressSync(bytes, {
      params: { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 },
      pledgedSrcSize: bytes.length,
    }),
  decompress: (bytes, maxOutputLength) =>
    inflate(zlib.zstdDecompressSync, bytes, { maxOutputLength, params: { [ZSTD_d_windowLogMax]: WINDOW_LOG } }),
};

/** A frame may ask for a window of up to 2 GiB. 8 MiB is the largest that levels up to 19 use; 64 MiB is room for 20 and 21. */
const WINDOW_LOG = 26;

export const brotli: Method = {
  name: 'brotli',
  contentType: 'application/x-brotli',
  aliases: [],
  levels: [0, 11],
  startsLike: () => false,
  // The library's own default, 11, takes a hundred times as long for a tenth less.
  compress: (bytes, level = 5) =>
    zlib.brotliCompressSync(bytes, {
      params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  decompress: (bytes, maxOutputLength) => inflate(zlib.brotliDecompressSync, bytes, { maxOutputLength }),
};

type Options = ZlibOptions & BrotliOptions & ZstdOptions;

/** node:zlib gives up as soon as `maxOutputLength` is passed, and leaves what follows the stream to its caller. */
function inflate(
  decompress: (bytes: Uint8Array, options: Options) => Buffer,
  bytes: Uint8Array,
  options: Options,
): Uint8Array {
  try {
    const { buffer, engine } = decompress(bytes, { ...options, info: true }) as unknown as Inflated;
    if (engine.bytesWritten !== bytes.length) throw new Error('something follows the stream');
    return buffer;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooLong() : error;
  }
}

/** What `info` makes of the answer; its types leave it out. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
