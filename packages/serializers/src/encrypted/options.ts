import { type XaesKey, xaesKey } from './xaes.js';

export interface EncryptedOptions {
  /** By id, each of 32 random bytes, or those in base64. An id is stored with each result: letters, digits, `-._` */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /**
   * Which key encrypts; all decrypt. To rotate, add the new key everywhere, then make it active; remove the old one when
   * its results have expired.
   */
  readonly activeKeyId: string;
  /**
   * What is not encrypted is read by the serializer inside, as long as there are results from before, or refused: else
   * whoever can write to the store need not know a key. @default 'refuse'
   */
  readonly unencrypted?: 'read' | 'refuse' | undefined;
}

export interface Settings {
  readonly keys: ReadonlyMap<string, XaesKey>;
  readonly activeKeyId: string;
  readonly active: XaesKey;
  readonly readsOthers: boolean;
}

export const isKeyId = (id: string): boolean => /^[\w.-]{1,64}$/.test(id);

/** The one place of the defaults. Errors: TypeError, without any key. */
export function resolveOptions({ keys, activeKeyId, unencrypted = 'refuse' }: EncryptedOptions): Settings {
  if (unencrypted !== 'read' && unencrypted !== 'refuse') {
    throw new TypeError(`expected unencrypted as 'read' or 'refuse', got ${unencrypted}`);
  }
  const parsed = new Map(Object.entries(keys).map(([id, key]) => [id, parseKey(id, key)]));
  const active = parsed.get(activeKeyId);
  if (active === undefined) throw new TypeError('expected activeKeyId as the id of one of the keys, got another one');
  return { keys: parsed, activeKeyId, active, readsOthers: unencrypted === 'read' };
}

const KEY_BYTES = 32;

function parseKey(id: string, key: Uint8Array | string): XaesKey {
  // Not shown: somebody may have taken id and key for each other.
  if (!isKeyId(id)) throw new TypeError('expected the id of each key as 1 to 64 letters, digits, dots, _ or -');
  const isBase64 = typeof key === 'string' && /^[\w+/-]{43}=?$/.test(key);
  const bytes = isBase64 ? Buffer.from(key, 'base64') : key;
  if (bytes instanceof Uint8Array && bytes.length === KEY_BYTES) return xaesKey(bytes);
  throw new TypeError(`expected the key ${id} as ${KEY_BYTES} bytes, or those in base64, got something else`);
}
