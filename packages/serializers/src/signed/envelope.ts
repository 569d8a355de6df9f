import type { Signer } from './certificate.js';

/** What Celery's `auth` serializer packs: the fields of one signed document. */
export interface Envelope {
  readonly signer: string;
  readonly signature: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** What the serializer inside wrote, and what is signed. */
  readonly body: Uint8Array;
}

/** 'celery-5.5': signer and signature in base64. 'celery-5.2': as they are, around text alone; read up to Celery 5.4. */
export type EnvelopeForm = 'celery-5.5' | 'celery-5.2';

/** Celery's separator. */
const SEPARATOR = Buffer.from([0, 1]);

/** Source: celery/security/serialization.py `_pack`, of 5.6 and of 5.2. */
export function pack({ signer, signature, contentType, contentEncoding, body }: Envelope, form: EnvelopeForm): string {
  const names = form === 'celery-5.5' ? [base64(signer), base64(signature)] : [signer, signature];
  const fields = [...names, contentType, contentEncoding, body].map((field) => Buffer.from(field as string));
  return Buffer.concat(fields.flatMap((field, i) => (i === 0 ? [field] : [SEPARATOR, field]))).toString('base64');
}

/**
 * The fields of either form; undefined where it is neither. In the older form a signature can hold the separator: its
 * length comes from the signer's key, so a signer that is not among these is 'unknown signer' in either.
 */
export function unpack(text: string, signers: ReadonlyMap<string, Signer>): Envelope | 'unknown signer' | undefined {
  if (!/^[A-Za-z\d+/]+={0,2}$/.test(text)) return undefined;
  const packed = Buffer.from(text, 'base64');
  const [name, rest] = cut(packed) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  const old = signers.get(name.toString());
  if (old !== undefined) {
    const [signature, document] = cutAt(rest, old.signatureBytes) ?? [];
    return signature && document && fieldsOf(old.id, signature, document);
  }
  const signer = Buffer.from(name.toString('latin1'), 'base64').toString();
  if (!signers.has(signer)) return 'unknown signer';
  const [signature, document] = cut(rest) ?? [];
  if (signature === undefined || document === undefined) return undefined;
  return fieldsOf(signer, Buffer.from(signature.toString('latin1'), 'base64'), document);
}

function fieldsOf(signer: string, signature: Buffer, document: Buffer): Envelope | undefined {
  const [contentType, rest] = cut(document) ?? [];
  const [contentEncoding, body] = (rest && cut(rest)) ?? [];
  if (contentType === undefined || contentEncoding === undefined || body === undefined) return undefined;
  return {
    signer,
    signature,
    contentType: contentType.toString('latin1'),
    contentEncoding: contentEncoding.toString('latin1'),
    body,
  };
}

/** What is before the first separator and what after it. */
function cut(bytes: Buffer): [Buffer, Buffer] | undefined {
  const at = bytes.indexOf(SEPARATOR);
  return at < 0 ? undefined : cutAt(bytes, at);
}

const cutAt = (bytes: Buffer, at: number): [Buffer, Buffer] | undefined =>
  bytes.subarray(at, at + SEPARATOR.length).equals(SEPARATOR)
    ? [bytes.subarray(0, at), bytes.subarray(at + SEPARATOR.length)]
    : undefined;

const base64 = (data: string | Uint8Array): string => Buffer.from(data as string).toString('base64');
