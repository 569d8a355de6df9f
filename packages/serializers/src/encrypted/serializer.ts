import { ResultError, type Serializer, type SerializerContext } from '@rb/core';
import { wrapped } from '../wrapped.js';
import { type EncryptedOptions, isKeyId, resolveOptions } from './options.js';
import { open, seal } from './xaes.js';

const SCHEME = 'rb-xaes-256-gcm';

/**
 * A serializer whose output is encrypted and authenticated by AES-256-GCM, and bound to its task: what was stored for one
 * task is not read as the result of another. Its length and the id of the key stay visible. Compress inside of it,
 * unless an attacker chooses part of a result and sees how long it becomes. A store encrypts what it gives its serializer: in
 * SQL, where Celery keeps results as pickles, that is `args` and `kwargs` alone.
 *
 * Stored: `NUL rb-xaes-256-gcm NUL <key id> NUL <nonce, ciphertext, tag>`; the associated data is the header and the task's id.
 * Errors: RB_DECODE where the key is missing or does not fit, which names the key's id; TypeError for what is no key.
 */
export function encrypted(inner: Serializer, options: EncryptedOptions): Serializer {
  const { keys, activeKeyId, active, readsOthers } = resolveOptions(options);
  return wrapped('encrypted', inner, {
    scheme: SCHEME,
    required: readsOthers ? undefined : "encrypted: the data is not encrypted (unencrypted: 'read' reads it as it is)",
    wrap: (bytes, context) => ({
      parameter: activeKeyId,
      body: seal(bytes, active, associatedData(activeKeyId, context)),
    }),
    unwrap({ parameter: id, body }, context) {
      const key = keys.get(id);
      if (key === undefined) {
        throw refuse(`the key ${isKeyId(id) ? JSON.stringify(id) : 'of the id that it names'} is not among the keys`);
      }
      const plain = open(body, key, associatedData(id, context));
      if (plain !== undefined) return plain;
      throw refuse(
        `the key ${JSON.stringify(id)} does not decrypt it: it is another key, another task's, or was changed`,
      );
    },
  });
}

/** Without a record (Celery's groups) there is no task, on either side. */
const associatedData = (keyId: string, context: SerializerContext | undefined): Uint8Array =>
  Buffer.from(`\0${SCHEME}\0${keyId}\0${context?.taskId ?? ''}`);

const refuse = (reason: string): ResultError => new ResultError('RB_DECODE', `encrypted: ${reason}`);
