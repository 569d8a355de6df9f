import { constants, createPrivateKey, createPublicKey, type KeyObject, type SigningOptions } from 'node:crypto';
import { readCertificate, type Signer } from './certificate.js';
import type { EnvelopeForm } from './envelope.js';

export interface SignedOptions {
  /** The certificates, in PEM, of whom is believed: what Celery keeps in `security_cert_store`. */
  readonly trusted: readonly (string | Uint8Array)[];
  /** The private RSA key that signs, in PEM, and its certificate. Absent: only for reading. */
  readonly key?: string | Uint8Array | undefined;
  readonly certificate?: string | Uint8Array | undefined;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
  /** Celery's `security_digest`; the same on both sides. @default 'sha256' */
  readonly digest?: 'sha224' | 'sha256' | 'sha384' | 'sha512' | undefined;
  /** Both are read. Celery up to 5.4 reads the older one alone, later ones the newer one. @default 'celery-5.5' */
  readonly form?: EnvelopeForm | undefined;
  /** Unix milliseconds, to see which certificates have expired. @default Date.now */
  readonly now?: (() => number) | undefined;
}

export interface Settings {
  readonly signers: ReadonlyMap<string, Signer>;
  /** undefined: only for reading. */
  readonly own: { readonly signer: Signer; readonly key: KeyObject } | undefined;
  readonly digest: string;
  readonly form: EnvelopeForm;
  readonly now: () => number;
}

/** RSASSA-PSS with the longest salt, as Celery signs and verifies. */
export const pss = (key: KeyObject): SigningOptions & { key: KeyObject } => ({
  key,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN,
});

const DIGESTS = ['sha224', 'sha256', 'sha384', 'sha512'];
const FORMS: readonly EnvelopeForm[] = ['celery-5.5', 'celery-5.2'];

/** The one place of the defaults. Errors: TypeError, without keys or certificates. */
export function resolveOptions(options: SignedOptions): Settings {
  const { trusted, key, certificate, passphrase, digest = 'sha256', form = 'celery-5.5', now = Date.now } = options;
  if (!DIGESTS.includes(digest)) throw new TypeError(`expected digest as one of ${DIGESTS.join(', ')}, got ${digest}`);
  if (!FORMS.includes(form)) throw new TypeError(`expected form as one of ${FORMS.join(', ')}, got ${form}`);
  const signers = new Map<string, Signer>();
  trusted.forEach((pem, index) => {
    const signer = readCertificate(pem, `trusted[${index}]`);
    // Celery refuses this too: which of the two would be meant?
    if (signers.has(signer.id)) throw new TypeError(`expected each certificate once, got ${signer.id} twice`);
    signers.set(signer.id, signer);
  });
  const settings = { signers, digest, form, now };
  if (key === undefined && certificate === undefined) return { ...settings, own: undefined };
  if (key === undefined || certificate === undefined) throw new TypeError('expected key and certificate together');
  const signer = readCertificate(certificate, 'certificate');
  const own = readKey(key, passphrase);
  if (!signer.key.equals(publicOf(own))) throw new TypeError('expected certificate to be of the key, got another one');
  return { ...settings, own: { signer, key: own } };
}

const publicOf = (key: KeyObject): KeyObject => createPublicKey(key.export({ type: 'pkcs8', format: 'pem' }));

function readKey(pem: string | Uint8Array, passphrase: string | undefined): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey({ key: Buffer.from(pem as string), passphrase });
  } catch {
    // OpenSSL's message says no more; not as the cause, which may show the input.
  }
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new TypeError(
    'expected key as a private RSA key in PEM (with passphrase where it is encrypted), got something else',
  );
}
