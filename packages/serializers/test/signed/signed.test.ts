import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { isResultError, json } from '@rb/core';
import { signedSamples } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickle } from '../../src/pickle/index.js';
import { readCertificate } from '../../src/signed/certificate.js';
import { pack, unpack } from '../../src/signed/envelope.js';
import { signed } from '../../src/signed/index.js';

interface Pair {
  readonly key: string;
  readonly certificate: string;
  readonly id: string;
}
const { plain, other, awkward } = JSON.parse(
  readFileSync(new URL('fixtures/certificates.json', import.meta.url), 'utf8'),
) as Record<'plain' | 'other' | 'awkward', Pair>;

const trusted = [plain.certificate, awkward.certificate];
const FORMS = ['celery-5.5', 'celery-5.2'] as const;
const serializerOf = ({ key, certificate }: Pair, options = {}) =>
  signed(json, { trusted, key, certificate, ...options });

const refusalOf = (work: () => unknown): Error & { code?: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('what Celery signed', () => {
  const { certificate, samples } = signedSamples();
  const now = () => Date.UTC(2026, 11, 1);
  const reader = signed(json, { trusted: [certificate], now });

  it.each(samples)('by $celery is read', ({ payload }) => {
    expect(reader.decode(payload)).toEqual({ status: 'SUCCESS', result: 1 });
    expect(reader.decode(Buffer.from(payload))).toEqual({ status: 'SUCCESS', result: 1 });
  });

  it.each(samples)('by $celery is refused when its certificate has expired', ({ payload }) => {
    const late = signed(json, { trusted: [certificate], now: () => Date.UTC(2026, 11, 23) });
    expect(() => late.decode(payload)).toThrow(/the certificate "golden 4660" has expired/);
  });
});

describe.each(FORMS)('signed in the form %s', (form) => {
  it('any value is read as it was, whoever of the trusted signed it', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(plain, awkward), (text, pair) => {
        const value = json.decode(text);
        expect(signed(json, { trusted }).decode(serializerOf(pair, { form }).encode(value))).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it('is text that says who signed what', () => {
    const packed = Buffer.from(String(serializerOf(plain, { form }).encode([1])), 'base64').toString('latin1');
    const name = form === 'celery-5.5' ? Buffer.from(plain.id).toString('base64') : plain.id;
    expect(packed.startsWith(`${name}\0\x01`)).toBe(true);
    expect(packed.endsWith('\0\x01application/json\0\x01utf-8\0\x01[1]')).toBe(true);
  });

  it('is refused when any of its bytes was changed or is missing, without a word of what it holds', () => {
    const document = Buffer.from(String(serializerOf(plain, { form }).encode({ secret: 'rosebud' })), 'base64');
    const reader = signed(json, { trusted });
    let read = 0;
    for (let at = 0; at < document.length; at += 1) {
      const changed = Buffer.from(document);
      changed[at] = (changed[at] as number) ^ 2;
      try {
        // The encoding's name is not signed, and nothing follows from it.
        expect(reader.decode(changed.toString('base64'))).toEqual({ secret: 'rosebud' });
        read += 1;
      } catch (error) {
        expect(isResultError(error) && error.code).toBe('RB_DECODE');
        expect(inspect(error)).not.toContain('rosebud');
      }
      expect(() => reader.decode(document.subarray(0, at).toString('base64'))).toThrow(/^auth: /);
    }
    expect(read).toBeLessThanOrEqual('utf-8'.length + 4);
  });

  it('is refused from a signer who is not trusted', () => {
    const stranger = signed(json, { trusted: [], key: other.key, certificate: other.certificate, form });
    expect(() => signed(json, { trusted }).decode(stranger.encode(1))).toThrow(/not among the certificates/);
  });

  it('is refused by another key under a trusted name, and by another digest', () => {
    const forged = serializerOf(other, { form }).encode(1);
    const document = Buffer.from(String(forged), 'base64').toString('latin1');
    const name = (id: string): string => (form === 'celery-5.5' ? Buffer.from(id).toString('base64') : id);
    const renamed = Buffer.from(document.replace(name(other.id), name(plain.id)), 'latin1').toString('base64');
    const reader = signed(json, { trusted });
    expect(() => reader.decode(renamed)).toThrow(/the signature is not of this document/);
    expect(() => reader.decode(serializerOf(plain, { form, digest: 'sha512' }).encode(1))).toThrow(/another digest/);
  });

  it('is never decoded as what the serializer inside does not write', () => {
    const options = { trusted, key: plain.key, certificate: plain.certificate, form };
    const pickled = signed(pickle, options).encode({ a: 1 });
    expect(() => signed(json, options).decode(pickled)).toThrow(/its content is not application\/json/);
    expect(signed(pickle, options).decode(pickled)).toEqual({ a: 1 });
  });
});

it('finds the end of a signature that holds the separator itself', () => {
  const signer = readCertificate(plain.certificate, 'it');
  const envelope = {
    signer: plain.id,
    signature: Buffer.alloc(256, Buffer.from([0, 1])),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    body: Buffer.from('\0\x01[1]'),
  };
  for (const form of FORMS) {
    expect(unpack(pack(envelope, form), new Map([[plain.id, signer]]))).toEqual(envelope);
  }
});

it("names each certificate as Celery's get_id() does", () => {
  for (const { certificate, id } of [plain, other, awkward]) expect(readCertificate(certificate, 'it').id).toBe(id);
});

it('writes nothing without a key, or by an expired certificate', () => {
  expect(refusalOf(() => signed(json, { trusted }).encode(1))).toMatchObject({ code: 'RB_ENCODE' });
  const late = serializerOf(plain, { now: () => Date.UTC(3000, 0) });
  expect(refusalOf(() => late.encode(1))).toMatchObject({
    code: 'RB_ENCODE',
    message: expect.stringMatching(/expired/),
  });
});

it.each(['', '!', '{}', 'AAAA', Buffer.from('\0\x01').toString('base64'), 'A'.repeat(1_000_000)])(
  'refuses what is no signed document %#',
  (data) => {
    expect(refusalOf(() => signed(json, { trusted }).decode(data))).toMatchObject({ code: 'RB_DECODE' });
  },
);

it('refuses options that do not fit, and shows no key', () => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  const refused = [
    () => serializerOf({ ...plain, key: other.key }),
    () => serializerOf({ ...plain, key: String(elliptic) }),
    () => serializerOf({ ...plain, key: plain.key.slice(0, 200) }),
    () => serializerOf({ ...plain, certificate: plain.key }),
    () => signed(json, { trusted: [plain.key] }),
    () => signed(json, { trusted: [plain.certificate, plain.certificate] }),
    () => signed(json, { trusted, key: plain.key }),
    () => signed(json, { trusted, digest: 'md5' as 'sha256' }),
    () => signed(json, { trusted, form: 'celery-5' as 'celery-5.5' }),
  ];
  const middle = plain.key.split('\n')[3] as string;
  for (const work of refused) {
    const error = refusalOf(work);
    expect(error).toBeInstanceOf(TypeError);
    expect(inspect(error)).not.toContain(middle);
  }
  expect(inspect(serializerOf(plain), { depth: 9, showHidden: true })).not.toContain(middle);
});
