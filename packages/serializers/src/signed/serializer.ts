import { sign, verify } from 'node:crypto';
import { ResultError, type Serializer, type SerializerContext } from '@rb/core';
import { bytesOf } from '../wrapped.js';
import { expectValid } from './certificate.js';
import { pack, unpack } from './envelope.js';
import { pss, resolveOptions, type Settings, type SignedOptions } from './options.js';

/**
 * Celery's `auth` serializer: what another serializer wrote, signed by the key of an X.509 certificate. It can be read by whoever
 * sees it. It is verified before it is decoded, and only decoded as what `inner` writes: Celery's signature covers
 * neither the content type nor the task, so a signed result can be copied to another task of the store.
 *
 * Errors: RB_DECODE where it was changed, or its signer is not trusted or has expired; RB_ENCODE without a key, or with an
 *         expired certificate; TypeError for options that do not fit.
 * Source: celery/security/serialization.py `SecureSerializer`.
 */
export function signed(inner: Serializer, options: SignedOptions): Serializer {
  return around(inner, resolveOptions(options));
}

function around(inner: Serializer, settings: Settings): Serializer {
  return {
    name: 'auth',
    contentType: 'application/data',
    contentEncoding: 'utf-8',
    inner,
    around: (other) => around(other, settings),
    encode: (value, context) => write(bytesOf(inner.encode(value, context)), inner, settings),
    decode: (data, context) => read(data, inner, settings, context),
  };
}

function write(body: Uint8Array, inner: Serializer, { own, form, digest, now }: Settings): string {
  if (own === undefined) throw new ResultError('RB_ENCODE', 'auth: without key and certificate it can only be read');
  expectValid(own.signer, now(), 'RB_ENCODE');
  const { contentType, contentEncoding } = inner;
  const signature = sign(digest, body, pss(own.key));
  return pack({ signer: own.signer.id, signature, contentType, contentEncoding, body }, form);
}

function read(
  data: string | Uint8Array,
  inner: Serializer,
  { signers, digest, now }: Settings,
  context: SerializerContext | undefined,
): unknown {
  const envelope = unpack(typeof data === 'string' ? data : Buffer.from(data).toString('latin1'), signers);
  if (envelope === undefined) throw refuse('the data is no signed document');
  const signer = envelope === 'unknown signer' ? undefined : signers.get(envelope.signer);
  if (envelope === 'unknown signer' || signer === undefined) {
    throw refuse('its signer is not among the certificates that are trusted');
  }
  if (!verify(digest, envelope.body, pss(signer.key), envelope.signature)) {
    throw refuse('the signature is not of this document, or by another digest');
  }
  expectValid(signer, now(), 'RB_DECODE');
  // Not signed, so not believed: another serializer might make something else of the same bytes.
  if (envelope.contentType !== inner.contentType) throw refuse(`its content is not ${inner.contentType}`);
  return inner.decode(envelope.body, { ...context, contentType: inner.contentType });
}

const refuse = (reason: string): ResultError => new ResultError('RB_DECODE', `auth: ${reason}`);
