/** encrypted(), fernet(), signed() and limits() beside JSON and node:crypto alone, on the same bytes. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createSecretKey,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bench } from '@rb/bench';
import { json } from '@rb/core';
import { encrypted } from '@rb/serializers/encrypted';
import { fernet } from '@rb/serializers/fernet';
import { limits } from '@rb/serializers/limits';
import { signed } from '@rb/serializers/signed';
import { document, SIZES } from './documents.ts';

const { plain } = JSON.parse(
  readFileSync(new URL('../test/signed/fixtures/certificates.json', import.meta.url), 'utf8'),
);
const key = randomBytes(32);
const secret = createSecretKey(key);
const half = createSecretKey(key.subarray(16));
const context = { taskId: '0190f3a2-0000-7000-8000-000000000000' };
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
const privateKey = createPrivateKey(plain.key);
const { publicKey } = new X509Certificate(plain.certificate);

const SEALS = {
  encrypted: encrypted(json, { keys: { a: key }, activeKeyId: 'a' }),
  fernet: fernet(json, { keys: [key.toString('base64url')] }),
  signed: signed(json, { trusted: [plain.certificate], ...plain }),
  limits: limits(json, { maxBytes: 1e9, maxDepth: 100, maxEntries: 1e9 }),
};

/** What each does at the least. */
const bareOf = (text: () => Buffer) => {
  const iv = randomBytes(12);
  const gcm = createCipheriv('aes-256-gcm', secret, iv);
  const sealed = Buffer.concat([gcm.update(text()), gcm.final()]);
  const tag = gcm.getAuthTag();
  const cbcIv = randomBytes(16);
  const cbc = createCipheriv('aes-128-cbc', half, cbcIv);
  const token = Buffer.concat([cbc.update(text()), cbc.final()]);
  const encoded = token.toString('base64');
  const signature = sign('sha256', text(), { ...pss, key: privateKey });
  const bytes = text();
  return {
    encrypted: [
      () => {
        const cipher = createCipheriv('aes-256-gcm', secret, randomBytes(12));
        return Buffer.concat([cipher.update(text()), cipher.final(), cipher.getAuthTag()]);
      },
      () => {
        const cipher = createDecipheriv('aes-256-gcm', secret, iv).setAuthTag(tag);
        return json.decode(Buffer.concat([cipher.update(sealed), cipher.final()]));
      },
    ],
    fernet: [
      () => {
        const cipher = createCipheriv('aes-128-cbc', half, randomBytes(16));
        const body = Buffer.concat([cipher.update(text()), cipher.final()]);
        createHmac('sha256', half).update(body).digest();
        return body.toString('base64');
      },
      () => {
        const body = Buffer.from(encoded, 'base64');
        createHmac('sha256', half).update(body).digest();
        const cipher = createDecipheriv('aes-128-cbc', half, cbcIv);
        return json.decode(Buffer.concat([cipher.update(body), cipher.final()]));
      },
    ],
    signed: [
      () => sign('sha256', text(), { ...pss, key: privateKey }),
      () => verify('sha256', bytes, { ...pss, key: publicKey }, signature) && json.decode(bytes),
    ],
    limits: [text, () => json.decode(bytes)],
  } as const;
};

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const bare = bareOf(() => Buffer.from(json.encode(value)));
  for (const name of Object.keys(SEALS) as (keyof typeof SEALS)[]) {
    const serializer = SEALS[name];
    const stored = serializer.encode(value, context);
    const [encode, decode] = bare[name];
    await bench(`${name}-encode-${size}`, {
      raw: { name: 'json and node:crypto', run: encode },
      tasks: [{ name: `${name}(json)`, run: () => serializer.encode(value, context) }],
      timeMs: 100,
    });
    await bench(`${name}-decode-${size}`, {
      raw: { name: 'node:crypto and json', run: decode },
      tasks: [{ name: `${name}(json)`, run: () => serializer.decode(stored, context) }],
      timeMs: 100,
    });
  }
}
