import { createSecretKey } from 'node:crypto';
import { ResultError, type Serializer } from '@rb/core';
import { bytesOf } from '../wrapped.js';
import { type FernetKey, open, readToken, seal } from './token.js';

export interface FernetOptions {
  /**
   * What `Fernet.generate_key()` gives: 32 bytes in base64 by the alphabet for URLs. The first one encrypts, all decrypt, as
   * Python's `MultiFernet`. To rotate, put the new key last everywhere, then first; remove the old one when its results have expired.
   */
  readonly keys: readonly string[];
  /**
   * What is no token is read by the serializer inside, as long as there are results from before, or refused: else whoever
   * can write to the store need not know a key. @default 'refuse'
   */
  readonly unencrypted?: 'read' | 'refuse' | undefined;
}

/**
 * A serializer whose output is encrypted as a Fernet token: text, as Python's `cryptography` writes and reads it. Nothing else is
 * stored, so `json.loads(Fernet(key).decrypt(value))` is all that Python needs. Where no Python reads it, `encrypted`
 * of `@rb/serializers/encrypted` also binds a result to its task, and takes a third less room.
 *
 * Errors: RB_DECODE where no key fits, or the token was changed, which cannot be told apart; TypeError for what is no key.
 * Source: https://github.com/fernet/spec; cryptography/fernet.py.
 */
export function fernet(inner: Serializer, options: FernetOptions): Serializer {
  const { keys, unencrypted = 'refuse' } = options;
  if (keys.length === 0) throw new TypeError('expected keys to hold at least one key, got none');
  if (unencrypted !== 'read' && unencrypted !== 'refuse') {
    throw new TypeError(`expected unencrypted as 'read' or 'refuse', got ${unencrypted}`);
  }
  const parsed = keys.map(parseKey);
  return around(inner, parsed, unencrypted === 'read');
}

function around(inner: Serializer, keys: readonly FernetKey[], readsOthers: boolean): Serializer {
  return {
    name: `fernet(${inner.name})`,
    contentType: inner.contentType,
    contentEncoding: 'utf-8',
    inner,
    around: (other) => around(other, keys, readsOthers),
    encode: (value, context) => seal(bytesOf(inner.encode(value, context)), keys[0] as FernetKey, Date.now()),
    decode(data, context) {
      const token = readToken(typeof data === 'string' ? data : Buffer.from(data).toString('latin1'));
      if (token !== undefined) return inner.decode(decrypt(token, keys), context);
      if (readsOthers) return inner.decode(data, context);
      throw new ResultError('RB_DECODE', "fernet: the data is no token (unencrypted: 'read' reads it as it is)");
    },
  };
}

function decrypt(token: Buffer, keys: readonly FernetKey[]): Uint8Array {
  for (const key of keys) {
    const plain = open(token, key);
    if (plain !== undefined) return plain;
  }
  const none = keys.length === 1 ? 'the key does not decrypt' : `none of the ${keys.length} keys decrypts`;
  throw new ResultError('RB_DECODE', `fernet: ${none} the token: it is of another key, or was changed`);
}

/** Errors: TypeError, without the key. */
function parseKey(text: string, index: number): FernetKey {
  const bytes = /^[\w-]{43}=?$/.test(text) ? Buffer.from(text, 'base64url') : undefined;
  if (bytes?.length !== 32) {
    throw new TypeError(
      `expected keys[${index}] as 32 bytes in base64 with - and _, as of Fernet.generate_key(), got something else`,
    );
  }
  return { signing: createSecretKey(bytes.subarray(0, 16)), encryption: createSecretKey(bytes.subarray(16)) };
}
