import { json, type SerializerContext } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeader, type Wrapping, wrapped } from '../src/wrapped.js';

/** Turns every bit, so that neither order nor omission goes unnoticed. */
const flipping = (scheme: string, seen: (SerializerContext | undefined)[] = []): Wrapping => ({
  scheme,
  wrap(bytes, context) {
    seen.push(context);
    return { parameter: 'all', body: bytes.map((byte) => ~byte) };
  },
  unwrap({ parameter, body }, context) {
    expect(parameter).toBe('all');
    seen.push(context);
    return body.map((byte) => ~byte);
  },
});

const a = wrapped('a', json, flipping('rb-a'));
const ba = wrapped('b', a, flipping('rb-b'));

describe('a serializer around another', () => {
  it('reads what it wrote, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = json.decode(text);
        expect(ba.decode(ba.encode(value))).toEqual(value);
      }),
    );
  });

  it('reads what is wrapped by all of its serializers, by some, or by none', () => {
    for (const writer of [json, a, wrapped('b', json, flipping('rb-b')), ba]) {
      expect(ba.decode(writer.encode({ total: 42 }))).toEqual({ total: 42 });
      expect(ba.decode(Buffer.from(writer.encode({ total: 42 })))).toEqual({ total: 42 });
    }
  });

  it('says who could undo it where nobody here can', () => {
    const stored = ba.encode('secret');
    expect(() => a.decode(stored)).toThrow(
      expect.objectContaining({ code: 'RB_DECODE', message: expect.stringContaining('wrapped as rb-b,') }),
    );
    expect(() => json.decode(stored)).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
  });

  it('undoes its scheme once, so that what nests for ever ends', () => {
    const twice = wrapped('a', a, flipping('rb-a'));
    expect(() => a.decode(twice.encode(1))).toThrow(/wrapped as rb-a/);
  });

  it('writes without a header what the wrapping leaves alone', () => {
    const never = wrapped('never', json, { ...flipping('rb-never'), wrap: () => undefined });
    expect(Buffer.from(never.encode([1])).toString()).toBe('[1]');
  });

  it('tells of the one inside, and takes another in its place', () => {
    expect(ba).toMatchObject({ name: 'b(a(json))', contentType: 'application/json', contentEncoding: 'binary' });
    expect(ba.inner).toBe(a);
    const other = { ...json, name: 'other' };
    expect(a.around?.(other)).toMatchObject({ name: 'a(other)', inner: other });
  });

  it('hands the context to each, both ways', () => {
    const seen: (SerializerContext | undefined)[] = [];
    const both = wrapped('b', wrapped('a', json, flipping('rb-a', seen)), flipping('rb-b', seen));
    const context = { taskId: 't', expiresAt: 1 };
    both.decode(both.encode(1, context), context);
    expect(seen).toEqual([context, context, context, context]);
  });
});

describe('the header', () => {
  it("is Celery 5.7's", () => {
    const stored = Buffer.from('\0celery-compressed\0application/x-gzip\0body', 'latin1');
    expect(readHeader(stored)).toEqual({
      scheme: 'celery-compressed',
      parameter: 'application/x-gzip',
      body: Buffer.from('body'),
    });
  });

  it('is none where anything of it is missing, too long or not a name', () => {
    const long = 'x'.repeat(256);
    for (const text of [
      '',
      '{}',
      '\0',
      '\0rb-a',
      '\0rb-a\0',
      '\0rb-a\0p',
      '\0\0p\0',
      '\0A B\0p\0',
      `\0rb\0${long}\0`,
      `\0${long}\0p\0`,
    ]) {
      expect(readHeader(Buffer.from(text, 'latin1')), JSON.stringify(text)).toBeUndefined();
    }
    expect(readHeader('\0rb-a\0p\0text')).toBeUndefined();
  });
});
