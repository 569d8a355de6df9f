import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** One of Fernet's keys: 16 bytes that sign, 16 that encrypt. */
export interface FernetKey {
  readonly signing: KeyObject;
  readonly encryption: KeyObject;
}

/**
 * A Fernet token: version 0x80, seconds since 1970 in 64 bits, the initialisation vector, AES-128-CBC with PKCS #7's padding,
 * HMAC-SHA256 of all that; in base64 by the alphabet for URLs, with its padding.
 *
 * Source: https://github.com/fernet/spec
 *
 * @param at Unix milliseconds.
 */
export function seal(plain: Uint8Array, { signing, encryption }: FernetKey, at: number): string {
  const start = Buffer.alloc(START_BYTES);
  start[0] = VERSION;
  start.writeBigUInt64BE(BigInt(Math.floor(at / 1_000)), 1);
  const iv = randomBytes(BLOCK_BYTES);
  const cipher = createCipheriv('aes-128-cbc', encryption, iv);
  const signed = Buffer.concat([start, iv, cipher.update(plain), cipher.final()]);
  return toUrlSafe(Buffer.concat([signed, hmac(signing, signed)]));
}

/** undefined: the token is of another key, or was changed; nothing tells which. */
export function open(token: Buffer, { signing, encryption }: FernetKey): Uint8Array | undefined {
  const signed = token.subarray(0, -HMAC_BYTES);
  if (!timingSafeEqual(hmac(signing, signed), token.subarray(-HMAC_BYTES))) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', encryption, signed.subarray(START_BYTES, START_BYTES + BLOCK_BYTES));
  try {
    return Buffer.concat([decipher.update(signed.subarray(START_BYTES + BLOCK_BYTES)), decipher.final()]);
  } catch {
    // Rightly signed, but wrongly padded: no Fernet wrote it.
    return undefined;
  }
}

/** The bytes of a token; undefined where it is none. Whether anybody signed it, only a key tells. */
export function readToken(text: string): Buffer | undefined {
  if (!text.startsWith('gAAAA') || !/^[\w-]+={0,2}$/.test(text)) return undefined;
  const token = Buffer.from(text, 'base64url');
  const body = token.length - START_BYTES - BLOCK_BYTES - HMAC_BYTES;
  return token[0] === VERSION && body >= BLOCK_BYTES && body % BLOCK_BYTES === 0 ? token : undefined;
}

const VERSION = 0x80;
const START_BYTES = 9;
const BLOCK_BYTES = 16;
const HMAC_BYTES = 32;

const hmac = (key: KeyObject, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();

/** Node leaves the padding out, which Python insists on. */
const toUrlSafe = (bytes: Buffer): string => bytes.toString('base64url') + '='.repeat((3 - (bytes.length % 3)) % 3);
