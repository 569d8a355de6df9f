import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** With CMAC's subkey, which is the same for every result. */
export interface XaesKey {
  readonly key: KeyObject;
  readonly subkey: Uint8Array;
}

export function xaesKey(bytes: Uint8Array): XaesKey {
  const key = createSecretKey(bytes);
  return { key, subkey: doubled(aes(key, Buffer.alloc(BLOCK_BYTES))) };
}

/**
 * XAES-256-GCM: AES-256-GCM by a key derived for each result from 12 random bytes, with 12 more as the nonce. AES-GCM's
 * own nonce is too short to be random for more than 2^32 results of one key; this one is not for any number.
 *
 * Shape: 24 bytes of nonce, the ciphertext, 16 bytes of tag.
 * Source: https://c2sp.org/XAES-256-GCM
 */
export function seal(plain: Uint8Array, key: XaesKey, associatedData: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', derived(key, nonce), nonce.subarray(HALF_BYTES));
  cipher.setAAD(associatedData);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** undefined: another key, other associated data, or changed; nothing tells which. */
export function open(sealed: Uint8Array, key: XaesKey, associatedData: Uint8Array): Uint8Array | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', derived(key, nonce), nonce.subarray(HALF_BYTES), {
    // Else Node takes shorter ones, which are guessed sooner.
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const NONCE_BYTES = 24;
const HALF_BYTES = 12;
const TAG_BYTES = 16;

/** The key for one result: NIST SP 800-108r1's KDF in counter mode over CMAC, of two blocks. */
function derived({ key, subkey }: XaesKey, nonce: Uint8Array): KeyObject {
  const blocks = [1, 2].map((counter) => {
    const block = Buffer.concat([Buffer.from([0, counter, LABEL, 0]), nonce.subarray(0, HALF_BYTES)]);
    return block.map((byte, i) => byte ^ (subkey[i] as number));
  });
  return createSecretKey(aes(key, Buffer.concat(blocks)));
}

const BLOCK_BYTES = 16;
const LABEL = 'X'.charCodeAt(0);

/** Each block by itself, which is how CMAC is made. */
const aes = (key: KeyObject, blocks: Uint8Array): Buffer =>
  createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(blocks);

/** CMAC's subkey: twice the block, in the field of 2^128 elements. */
function doubled(block: Buffer): Buffer {
  const twice = block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7));
  if ((block[0] as number) >= 0x80) twice[BLOCK_BYTES - 1] = (twice[BLOCK_BYTES - 1] as number) ^ 0x87;
  return Buffer.from(twice);
}
