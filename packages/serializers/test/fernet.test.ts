import { inspect } from 'node:util';
import { isResultError, json } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressed } from '../src/compressed/index.js';
import { fernet } from '../src/fernet/index.js';

/** Of the specification's own generate.json and verify.json. */
const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const TOKEN = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const OTHER = Buffer.alloc(32, 7).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** Carries bytes as they are. */
const raw = {
  ...json,
  encode: (value: unknown) => String(value),
  decode: (data: unknown) => Buffer.from(data as string),
};

const failure = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('fernet', () => {
  it("reads the specification's token, as text and as bytes", () => {
    expect(fernet(raw, { keys: [KEY] }).decode(TOKEN)).toEqual(Buffer.from('hello'));
    expect(fernet(raw, { keys: [OTHER, KEY] }).decode(Buffer.from(TOKEN))).toEqual(Buffer.from('hello'));
  });

  it('reads what it wrote, of any length, and writes it differently each time', () => {
    const serializer = fernet(json, { keys: [KEY] });
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        const token = serializer.encode(text);
        expect(token).toMatch(/^gAAAA[\w-]+={0,2}$/);
        expect(serializer.encode(text)).not.toBe(token);
        expect(serializer.decode(token)).toBe(text);
      }),
    );
  });

  it('writes by the first key, and reads by all: keys are rotated so', () => {
    const before = fernet(json, { keys: [KEY] });
    const during = fernet(json, { keys: [OTHER, KEY] });
    const after = fernet(json, { keys: [OTHER] });
    expect(during.decode(before.encode(1))).toBe(1);
    expect(after.decode(during.encode(1))).toBe(1);
    expect(() => after.decode(before.encode(1))).toThrow(/the key does not decrypt the token/);
  });

  it('nests, and tells the content type of what is inside', () => {
    const serializer = fernet(compressed(json, { minBytes: 0 }), { keys: [KEY] });
    const value = 'over and over '.repeat(1_000);
    const token = String(serializer.encode(value));
    expect(token.length).toBeLessThan(500);
    expect(serializer.decode(token)).toBe(value);
    expect(serializer).toMatchObject({ name: 'fernet(compressed(json))', contentType: 'application/json' });
    expect(serializer.around?.(json).decode(fernet(json, { keys: [KEY] }).encode([1]))).toEqual([1]);
  });

  it('refuses a token of which any byte was changed or cut, and says nothing of what it holds', () => {
    const serializer = fernet(json, { keys: [KEY] });
    const token = Buffer.from(String(serializer.encode({ secret: 'rosebud' })), 'base64url');
    for (let at = 0; at < token.length; at += 1) {
      const changed = Buffer.from(token);
      changed[at] = (changed[at] as number) ^ 1;
      for (const data of [changed, token.subarray(0, at)]) {
        const error = failure(() => serializer.decode(data.toString('base64url')));
        expect(isResultError(error) && error.code).toBe('RB_DECODE');
        expect(inspect(error)).not.toContain('rosebud');
      }
    }
  });

  it.each(['', '{}', 'gAAAA', `gAAAA${'A'.repeat(1_000_000)}!`, '\0celery-compressed\0application/x-gzip\0'])(
    'refuses what is no token: %j',
    (data) => {
      const error = failure(() => fernet(json, { keys: [KEY] }).decode(Buffer.from(data)));
      expect(error).toMatchObject({ code: 'RB_DECODE', message: expect.stringContaining('no token') });
    },
  );

  it('reads what is not encrypted where it is told to, and a token still', () => {
    const serializer = fernet(compressed(json, { minBytes: 0 }), { keys: [KEY], unencrypted: 'read' });
    expect(serializer.decode('[1]')).toEqual([1]);
    expect(serializer.decode(compressed(json, { minBytes: 0 }).encode('a'.repeat(500)))).toBe('a'.repeat(500));
    expect(serializer.decode(serializer.encode([2]))).toEqual([2]);
  });

  it('shows no key in its errors, nor when it is printed', () => {
    const serializer = fernet(json, { keys: [KEY] });
    const wrong = failure(() => serializer.decode(fernet(json, { keys: [OTHER] }).encode(1)));
    const refused = failure(() => fernet(json, { keys: [OTHER, `${KEY}=`] }));
    expect(refused).toBeInstanceOf(TypeError);
    expect(refused.message).toMatch(/expected keys\[1\] as 32 bytes/);
    for (const shown of [inspect(wrong), inspect(refused), inspect(serializer, { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain(KEY.slice(0, 8));
      expect(shown).not.toContain(OTHER.slice(0, 8));
    }
  });

  it.each([
    [{ keys: [] }, /at least one key/],
    [{ keys: [Buffer.alloc(32).toString('base64url').slice(1)] }, /keys\[0\]/],
    [{ keys: [KEY], unencrypted: 'maybe' as 'read' }, /unencrypted as/],
  ])('refuses the options %#', (options, message) => {
    expect(() => fernet(json, options)).toThrow(message);
  });
});
