import { spawnSync } from 'node:child_process';
import zlib from 'node:zlib';
import { isResultError, json } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBzip2 } from '../src/bzip2/encode.js';
import { compressed, decompress, type MethodName } from '../src/compressed/index.js';
import { pickle } from '../src/pickle/index.js';
import celery from './fixtures/celery-compressed.json' with { type: 'json' };

const METHODS: readonly MethodName[] = ['gzip', 'bzip2', 'zstd', 'brotli', 'lzma'];
const CONTENT_TYPES = {
  gzip: 'application/x-gzip',
  bzip2: 'application/x-bz2',
  zstd: 'application/zstd',
  brotli: 'application/x-brotli',
  lzma: 'application/x-lzma',
};
const long = { text: 'a result that repeats itself, '.repeat(100) };
const outcomeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};
const bytesOf = (data: string | Uint8Array): Buffer => Buffer.from(data);
const markerOf = (method: MethodName): string => `\0celery-compressed\0${CONTENT_TYPES[method]}\0`;

describe.each(METHODS)('by %s', (method) => {
  const serializer = compressed(json, { method, minBytes: 0 });

  it('any value is read as what was written, by every method’s reader', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(200), (text, times) => {
        const value = Array(times).fill(json.decode(text));
        expect(compressed(json).decode(serializer.encode(value))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it("stores Celery's marker, its content type and the stream", () => {
    const stored = bytesOf(serializer.encode(long));
    expect(stored.subarray(0, markerOf(method).length).toString('latin1')).toBe(markerOf(method));
    expect(stored.length).toBeLessThan(300);
    const body = stored.subarray(markerOf(method).length);
    expect(json.decode(decompress(body, method))).toEqual(long);
  });

  it('refuses with RB_DECODE whatever is cut off, has something after it, and never misreads a turned bit', () => {
    const stored = bytesOf(serializer.encode(long));
    const damaged = [stored.subarray(0, -1), stored.subarray(0, -20), Buffer.concat([stored, Buffer.from('more')])];
    for (let i = markerOf(method).length; i < stored.length; i += 1) {
      const turned = Buffer.from(stored);
      turned[i] = (turned[i] as number) ^ 0x40;
      damaged.push(turned);
    }
    for (const data of damaged) {
      const outcome = outcomeOf(() => serializer.decode(data));
      if (isResultError(outcome)) {
        expect(outcome.code).toBe('RB_DECODE');
        expect(outcome.message).not.toContain('repeats');
      } else if (method !== 'brotli') {
        // Some bits mean nothing. Brotli has no checksum: there a bit may give other text, which JSON reads.
        expect(outcome).toEqual(long);
      }
    }
  });

  it('refuses a bomb in little time and memory, where its marker says what it is and where nothing does', () => {
    const bomb = decompressible(method, 256 * 2 ** 20);
    const before = process.resourceUsage().maxRSS;
    const marked = Buffer.concat([Buffer.from(markerOf(method), 'latin1'), bomb]);
    expect(() => serializer.decode(marked)).toThrow(
      expect.objectContaining({ code: 'RB_DECODE', message: expect.stringMatching(/hold more than \d+ bytes \(max/) }),
    );
    if (method !== 'brotli') expect(() => serializer.decode(bomb)).toThrow(/hold more than/);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
  });
});

/** So many zeros. xz by Python's, since the library would take minutes. */
function decompressible(method: MethodName, bytes: number): Buffer {
  const zeros = Buffer.alloc(bytes);
  if (method === 'gzip') return zlib.deflateSync(zeros);
  // Of its own writer: half a minute of zeros is 170 bytes.
  if (method === 'bzip2') return Buffer.from(encodeBzip2(zeros.subarray(0, 2 ** 23), 9));
  if (method === 'zstd') return zlib.zstdCompressSync(zeros);
  if (method === 'brotli') {
    return zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
  }
  return Buffer.from(xzOfZeros(bytes));
}

/** LZMA2 chunks of 2 MiB each that claim as much, which measuring believes and nothing has to decode. */
function xzOfZeros(bytes: number): Uint8Array {
  const block = Buffer.from('020021011600000074 2fe5a3'.replace(' ', ''), 'hex');
  const chunk = Buffer.concat([Buffer.from('ffffff00035d', 'hex'), Buffer.alloc(4)]);
  const chunks = Array(bytes / 2 ** 21).fill(chunk);
  return Buffer.concat([Buffer.from('fd377a585a000004e6d6b446', 'hex'), block, ...chunks, Buffer.alloc(100)]);
}

describe('what is compressed', () => {
  it('only what has minBytes, and only where it pays', () => {
    const serializer = compressed(json);
    const short = { text: 'x'.repeat(900) };
    expect(bytesOf(serializer.encode(short)).toString()).toBe(json.encode(short));
    const random = {
      text: Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7919 * i) % 251)).toString('base64'),
    };
    const stored = bytesOf(serializer.encode(random));
    expect(stored.length).toBeLessThanOrEqual(bytesOf(json.encode(random)).length);
    expect(bytesOf(serializer.encode(long))[0]).toBe(0);
  });

  it('nothing that a reader of the same limits would refuse', () => {
    const serializer = compressed(json);
    const zeros = '0'.repeat(4 * 2 ** 20);
    expect(bytesOf(serializer.encode(zeros))[0]).not.toBe(0);
    expect(serializer.decode(serializer.encode(zeros))).toBe(zeros);
    const trusting = compressed(json, { maxRatio: 10_000 });
    expect(bytesOf(trusting.encode(zeros)).length).toBeLessThan(10_000);
    expect(() => serializer.decode(trusting.encode(zeros))).toThrow(/maxRatio is 200/);
    expect(trusting.decode(trusting.encode(zeros))).toBe(zeros);
  });

  it('binary serializers too, of which it then takes the name and content type', () => {
    const serializer = compressed(pickle, { method: 'zstd' });
    expect(serializer).toMatchObject({ name: 'compressed(pickle)', contentType: pickle.contentType });
    expect(serializer.decode(serializer.encode(long))).toEqual(long);
  });
});

describe('what Celery 5.7 stored', () => {
  it.each(Object.entries(celery.stored))('by %s is read, with its marker and without', (method, base64) => {
    const stored = Buffer.from(base64, 'base64');
    const serializer = compressed(json);
    expect(serializer.decode(stored)).toEqual(celery.document);
    const stream = stored.subarray(stored.indexOf(0, '\0celery-compressed\0'.length) + 1);
    expect(json.decode(decompress(stream, method))).toEqual(celery.document);
    if (method !== 'brotli') expect(serializer.decode(stream)).toEqual(celery.document);
  });
});

describe('what is read', () => {
  const text = bytesOf(json.encode(long));

  it.each([
    ['a zlib stream, of any level', zlib.deflateSync(text, { level: 9 })],
    ['a zlib stream, uncompressed', zlib.deflateSync(text, { level: 0 })],
    ['a gzip member', zlib.gzipSync(text)],
    ['a zstd frame', zlib.zstdCompressSync(text)],
    ['nothing of the kind', text],
  ])('without a marker: %s', (_, stored) => {
    expect(compressed(json).decode(stored)).toEqual(long);
  });

  it('text, from stores that have nothing else', () => {
    expect(compressed(json).decode('[1]')).toEqual([1]);
  });

  it('a method that is not known is refused by its name', () => {
    const stored = Buffer.from('\0celery-compressed\0application/x-snappy\0body', 'latin1');
    expect(() => compressed(json).decode(stored)).toThrow(/by application\/x-snappy, which is no method known here/);
    expect(() => decompress(Buffer.from('x'), 'constructor')).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
  });

  it("kombu's message bodies, by alias or content type", () => {
    for (const name of ['gzip', 'zlib', 'application/x-gzip']) {
      expect(Buffer.from(decompress(zlib.deflateSync(text), name))).toEqual(text);
    }
    expect(() => decompress(zlib.deflateSync(text), 'gzip', { maxBytes: 100 })).toThrow(/maxBytes is 100/);
  });
});

it.each([
  [{ method: 'snappy' as 'gzip' }, /method as one of gzip/],
  [{ level: 10 }, /level as a whole number from 0 to 9 for gzip/],
  [{ method: 'xz' as const, level: 1 }, /no level/],
  [{ maxRatio: 0 }, /maxRatio/],
  [{ maxBytes: 0.5 }, /maxBytes/],
  [{ minBytes: Number.NaN }, /minBytes/],
])('refuses the options %j', (options, message) => {
  expect(() => compressed(json, options)).toThrow(message);
  expect(() => compressed(json, options)).toThrow(TypeError);
});

it('loads no library before it is needed', () => {
  const code = `import('@rb/serializers/compressed').then(({ compressed }) => {
    compressed({ encode: () => 'x' }, {});
    console.log(Object.keys(require.cache).filter((file) => file.includes('lzma')).length);
  })`;
  const { stdout } = spawnSync(process.execPath, ['-e', code], { cwd: import.meta.dirname, encoding: 'utf8' });
  expect(stdout.trim()).toBe('0');
});
