import { type KeyObject, X509Certificate } from 'node:crypto';
import { ResultError } from '@rb/core';

/** A signer's certificate, as Celery's certificate store has it. */
export interface Signer {
  /** The values of the issuer's attributes and the serial number in decimal, such as `Example Ltd results 4660`. */
  readonly id: string;
  readonly key: KeyObject;
  /** Of a signature, which is as long as the key. */
  readonly signatureBytes: number;
  /** Unix milliseconds, exclusive. */
  readonly validUntil: number;
}

/**
 * Reads a certificate in PEM.
 *
 * Errors: TypeError where it is none, or not one of an RSA key, which are the only ones that Celery knows.
 * Source: celery/security/certificate.py.
 */
export function readCertificate(pem: string | Uint8Array, option: string): Signer {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new TypeError(`expected ${option} as an X.509 certificate in PEM, got something else`);
  }
  const key = certificate.publicKey;
  if (key.asymmetricKeyType !== 'rsa') {
    throw new TypeError(`expected ${option} with an RSA key, got one of type ${key.asymmetricKeyType}`);
  }
  return {
    id: `${issuerValues(certificate.issuer).join(' ')} ${BigInt(`0x${certificate.serialNumber}`)}`,
    key,
    signatureBytes: Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8),
    validUntil: certificate.validToDate.getTime(),
  };
}

/** Celery looks at this once, when it loads its store. A process may live longer than a certificate. */
export function expectValid({ id, validUntil }: Signer, now: number, code: 'RB_ENCODE' | 'RB_DECODE'): void {
  if (now >= validUntil) throw new ResultError(code, `auth: the certificate ${JSON.stringify(id)} has expired`);
}

/**
 * OpenSSL prints a line for each part of the name, `CN=...`, of several attributes with ` + ` between them; what would be
 * mistaken in a value is escaped as RFC 2253 has it.
 */
const issuerValues = (issuer: string): readonly string[] =>
  issuer
    .split('\n')
    .flatMap((line) => line.split(/(?<!\\) \+ (?=[^=\\]+=)/))
    .map((attribute) => unescaped(attribute.slice(attribute.indexOf('=') + 1)));

const unescaped = (value: string): string =>
  value.replace(/\\(?:([0-9A-Fa-f]{2})|(.))/g, (_, hex: string | undefined, character: string) =>
    hex === undefined ? character : String.fromCharCode(Number.parseInt(hex, 16)),
  );
