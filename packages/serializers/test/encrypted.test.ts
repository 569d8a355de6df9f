import { inspect } from 'node:util';
import { createResultBackend, decodeRecord, encodeRecord, isResultError, json, memoryStore } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressed } from '../src/compressed/index.js';
import { encrypted } from '../src/encrypted/index.js';
import { open, xaesKey } from '../src/encrypted/xaes.js';
import { msgpack } from '../src/msgpack/index.js';

const OLD = Buffer.alloc(32, 0xaa);
const NEW = Buffer.alloc(32, 0xbb);
const SHOWN = [OLD, NEW].flatMap((key) => [key.toString('hex').slice(0, 16), key.toString('base64').slice(0, 12)]);
const one = { keys: { old: OLD }, activeKeyId: 'old' };
const both = { keys: { old: OLD, new: NEW.toString('base64') }, activeKeyId: 'new' };
const task = { taskId: 'a-task', expiresAt: null };

const refusalOf = (work: () => unknown): Error & { code?: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

it.each([
  [1, '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
  [3, 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
])('decrypts the vectors of the specification: key %i', (fill, associated, sealed) => {
  const bytes = Buffer.concat([Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX'), Buffer.from(sealed, 'hex')]);
  const plain = open(bytes, xaesKey(Buffer.alloc(32, fill)), Buffer.from(associated));
  expect(plain && Buffer.from(plain).toString()).toBe('XAES-256-GCM');
});

describe('encrypted', () => {
  it('reads what it wrote, by any serializer inside, and writes it differently each time', () => {
    for (const inner of [json, msgpack, compressed(json, { minBytes: 0 })]) {
      const serializer = encrypted(inner, one);
      fc.assert(
        fc.property(fc.string(), fc.string(), (value, taskId) => {
          const stored = serializer.encode(value, { taskId });
          expect(serializer.encode(value, { taskId })).not.toEqual(stored);
          expect(serializer.decode(stored, { taskId })).toBe(value);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('stores the id of the key in front, and nothing of the value', () => {
    const stored = Buffer.from(encrypted(json, one).encode({ secret: 'rosebud' }, task)).toString('latin1');
    expect(stored.startsWith('\0rb-xaes-256-gcm\0old\0')).toBe(true);
    expect(stored).not.toContain('rosebud');
  });

  it('writes by the active key, and reads by all: keys are rotated so', () => {
    const before = encrypted(json, one).encode(1, task);
    const after = encrypted(json, both).encode(2, task);
    expect(encrypted(json, both).decode(before, task)).toBe(1);
    expect(encrypted(json, both).decode(after, task)).toBe(2);
    const late = refusalOf(() => encrypted(json, one).decode(after, task));
    expect(late).toMatchObject({ code: 'RB_DECODE', message: 'encrypted: the key "new" is not among the keys' });
  });

  it('says that the key does not fit, and shows no key', () => {
    const stored = encrypted(json, one).encode({ secret: 'rosebud' }, task);
    const other = encrypted(json, { keys: { old: NEW }, activeKeyId: 'old' });
    const error = refusalOf(() => other.decode(stored, task));
    expect(error).toMatchObject({
      code: 'RB_DECODE',
      message: expect.stringMatching(/the key "old" does not decrypt/),
    });
    for (const text of [...SHOWN, 'rosebud']) {
      expect(inspect(error)).not.toContain(text);
      expect(inspect([other, one.activeKeyId], { depth: 9, showHidden: true })).not.toContain(text);
    }
  });

  it('keeps a copy of its keys', () => {
    const key = Buffer.from(OLD);
    const serializer = encrypted(json, { keys: { old: key }, activeKeyId: 'old' });
    const stored = serializer.encode(1, task);
    key.fill(0);
    expect(serializer.decode(stored, task)).toBe(1);
  });

  it("refuses one task's result as another's", () => {
    const serializer = encrypted(json, one);
    const stored = serializer.encode(1, task);
    expect(refusalOf(() => serializer.decode(stored, { taskId: 'another' }))).toMatchObject({ code: 'RB_DECODE' });
    expect(refusalOf(() => serializer.decode(stored))).toMatchObject({ code: 'RB_DECODE' });
  });

  it('refuses what was changed, moved under the name of another key, or cut, in any byte', () => {
    const serializer = encrypted(json, { keys: { a: OLD, b: OLD }, activeKeyId: 'a' });
    const stored = Buffer.from(serializer.encode({ secret: 'rosebud' }, task));
    for (let at = 0; at < stored.length; at += 1) {
      const changed = Buffer.from(stored);
      // Of the key id this makes `b`, which is of the same bytes.
      changed[at] = (changed[at] as number) ^ 3;
      for (const data of [changed, stored.subarray(0, at)]) {
        const error = refusalOf(() => serializer.decode(data, task));
        expect(isResultError(error) && error.code).toBe('RB_DECODE');
        expect(inspect(error)).not.toContain('rosebud');
      }
    }
  });

  it('refuses what is not encrypted, compressed or not, unless it is told to read it', () => {
    const plain = ['[1]', Buffer.from('[1]'), compressed(json, { minBytes: 0 }).encode(Array(99).fill(1))];
    const strict = encrypted(compressed(json), one);
    const lenient = encrypted(compressed(json), { ...one, unencrypted: 'read' });
    for (const data of plain) {
      expect(refusalOf(() => strict.decode(data, task)).message).toMatch(/the data is not encrypted/);
      expect(lenient.decode(data, task)).toContain(1);
    }
    expect(lenient.decode(strict.encode(2, task), task)).toBe(2);
  });

  it('stays around what another accepts: around() keeps its keys and what it refuses', () => {
    const around = encrypted(msgpack, one).around?.(json);
    expect(around?.decode(encrypted(json, one).encode(1, task), task)).toBe(1);
    expect(() => around?.decode('1', task)).toThrow(/not encrypted/);
  });

  it('does not print what a hostile header says', () => {
    const error = refusalOf(() => encrypted(json, one).decode(Buffer.from('\0rb-xaes-256-gcm\0\x1b[31m\0body')));
    expect(error.message).toBe('encrypted: the key of the id that it names is not among the keys');
  });

  it('binds whole records, and names the task in its errors', () => {
    const serializer = encrypted(json, one);
    const record = { taskId: 'a', state: 'SUCCESS', result: 1, traceback: null, doneAt: 0, meta: {}, expiresAt: null };
    const stored = encodeRecord(record, serializer);
    expect(decodeRecord('a', stored, serializer, null)).toEqual(record);
    const error = refusalOf(() => decodeRecord('b', stored, serializer, null));
    expect(error).toMatchObject({ code: 'RB_DECODE', message: expect.stringMatching(/^task b: encrypted: /) });
  });

  it.each([
    [{ keys: {}, activeKeyId: 'old' }, /activeKeyId/],
    [{ ...one, activeKeyId: 'toString' }, /activeKeyId/],
    [{ keys: { old: OLD.subarray(1) }, activeKeyId: 'old' }, /the key old as 32 bytes/],
    [{ keys: { old: 'correct horse battery staple' }, activeKeyId: 'old' }, /the key old as 32 bytes/],
    [{ keys: { ö: OLD }, activeKeyId: 'ö' }, /the id of each key/],
    [{ ...one, unencrypted: 'maybe' as 'read' }, /unencrypted as/],
  ])('refuses the options %#, without a key in the message', (options, message) => {
    const error = refusalOf(() => encrypted(json, options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
    for (const text of [...SHOWN, 'battery']) expect(error.message).not.toContain(text);
  });
});

it('keeps results in a store', async () => {
  await using backend = createResultBackend(memoryStore({ serializer: encrypted(json, one) }));
  await backend.succeed('a-task', { total: 42 });
  expect(await backend.result('a-task')).toEqual({ total: 42 });
});
