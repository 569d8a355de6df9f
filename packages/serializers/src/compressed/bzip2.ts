import { decodeBzip2 } from '../bzip2/decode.js';
import { encodeBzip2 } from '../bzip2/encode.js';
import { type Method, TooLong } from './method.js';

const BLOCK_START = [0x42, 0x5a, 0x68, -1, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

/**
 * Own code, for want of a library that does both: seek-bzip 2 only reads, bzip2-wasm loads asynchronously and sets globals,
 * compressjs is under the GPL.
 */
export const bzip2: Method = {
  name: 'bzip2',
  contentType: 'application/x-bz2',
  aliases: ['bzip'],
  levels: [1, 9],
  // The fourth byte is the level.
  startsLike: (bytes) => BLOCK_START.every((byte, i) => byte < 0 || bytes[i] === byte),
  compress: (bytes, level = 9) => encodeBzip2(bytes, level),
  decompress: (bytes, maxBytes) => decodeBzip2(bytes, maxBytes, () => new TooLong()),
};
