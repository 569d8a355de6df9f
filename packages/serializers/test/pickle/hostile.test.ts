import { readFileSync } from 'node:fs';
import { isResultError, Opaque, ResultError } from '@rb/core';
import { CELERY_VERSIONS, columnOf, vectors } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickle, pickleSerializer } from '../../src/pickle/index.js';
import { OP, type OpcodeName } from '../../src/pickle/opcodes.js';
import { assemble, call, text, u32, u64 } from './assemble.js';

type Parts = readonly (OpcodeName | readonly (number | string)[])[];

/** The only way in which decode may fail. */
function refusal(data: Uint8Array, serializer = pickle): ResultError {
  try {
    serializer.decode(data);
  } catch (error) {
    if (isResultError(error)) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** Reads it, or refuses it as it should. */
function readOrRefuse(data: Uint8Array): void {
  try {
    pickle.decode(data);
  } catch (error) {
    if (!isResultError(error) || error.code !== 'RB_DECODE') throw error;
  }
}

const fixtures: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('fixtures/python.json', import.meta.url), 'utf8'),
);

/** Every distinct pickle of the fixtures and of the SQL vectors, the long ones apart. */
const corpus = [
  ...new Set([
    ...Object.values(fixtures).flatMap((protocols) => Object.values(protocols)),
    ...CELERY_VERSIONS.flatMap((celery) => vectors('postgresql', celery))
      .filter((vector) => vector.store_error === undefined)
      .map((vector) => columnOf(vector, 'result'))
      .filter((column) => column instanceof Uint8Array)
      .map((column) => Buffer.from(column).toString('base64')),
  ]),
]
  .map((data) => Buffer.from(data, 'base64'))
  .filter((data) => data.length < 2_000);

describe('damaged pickles', () => {
  it('refuses every proper prefix of a pickle', () => {
    for (const data of corpus) {
      for (let length = 0; length < data.length; length++) {
        expect(refusal(data.subarray(0, length)).code).toBe('RB_DECODE');
      }
    }
  }, 60_000);

  it('reads or refuses a pickle with any one bit flipped', () => {
    for (const data of corpus) {
      for (let at = 0; at < data.length; at++) {
        const damaged = Buffer.from(data);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
        readOrRefuse(damaged);
      }
    }
  }, 60_000);

  it('reads or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => readOrRefuse(data)),
      { numRuns: 2_000 },
    );
  });

  it('reads or refuses any sequence of opcodes', () => {
    const opcode = fc.constantFrom(...Object.values(OP));
    // Small arguments, so that indexes, lengths and counts mean something now and then.
    const step = fc.tuple(opcode, fc.uint8Array({ maxLength: 4, max: 4 })).map(([op, args]) => [op, ...args]);
    const program = fc.array(
      fc.oneof(
        { arbitrary: step, weight: 2 },
        opcode.map((op) => [op]),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(program, (steps) => readOrRefuse(Uint8Array.from([...steps.flat(), OP.STOP]))),
      { numRuns: 5_000 },
    );
  });
});

describe('malformed pickles', () => {
  const cases: Record<string, Parts> = {
    'an unknown protocol': [[OP.PROTO, 6], 'NONE', 'STOP'],
    'an unknown opcode': [[0xff], 'STOP'],
    'nothing left at the end': ['STOP'],
    'only a mark at the end': ['MARK', 'STOP'],
    'a pop of nothing': ['POP', 'STOP'],
    'a pop below a mark': ['NONE', 'MARK', 'APPEND', 'STOP'],
    'a tuple without a mark': ['NONE', 'TUPLE', 'STOP'],
    'a persistent id': [[OP.PERSID, 'x\n'], 'STOP'],
    'a binary persistent id': ['NONE', 'BINPERSID', 'STOP'],
    'an extension code': [[OP.EXT1, 1], 'STOP'],
    'an out-of-band buffer': ['NEXT_BUFFER', 'STOP'],
    'an old-style instance': ['MARK', [OP.INST, 'os\nsystem\n'], 'STOP'],
    'a reference to nothing': [[OP.BINGET, 3], 'STOP'],
    'items of what is no list': ['NONE', 'NONE', 'APPEND', 'STOP'],
    'members of what is no set': ['EMPTY_LIST', 'MARK', 'NONE', 'ADDITEMS', 'STOP'],
    'entries of what is no dict': ['EMPTY_LIST', 'MARK', 'NONE', 'NONE', 'SETITEMS', 'STOP'],
    'a key without a value': ['EMPTY_DICT', 'MARK', 'NONE', 'SETITEMS', 'STOP'],
    'a call of what is no name': ['NONE', 'EMPTY_TUPLE', 'REDUCE', 'STOP'],
    'arguments that are no tuple': [text('a'), text('b'), 'STACK_GLOBAL', 'EMPTY_LIST', 'REDUCE', 'STOP'],
    'a name that is no text': ['NONE', text('b'), 'STACK_GLOBAL', 'STOP'],
    'state of what is no object': ['NONE', 'EMPTY_DICT', 'BUILD', 'STOP'],
    'state given twice': [...call('a', 'b'), 'EMPTY_DICT', 'BUILD', 'EMPTY_DICT', 'BUILD', 'STOP'],
    'text that is not UTF-8': [[OP.SHORT_BINUNICODE, 2, 0xc3, 0x28], 'STOP'],
    'long text that is not UTF-8': [[OP.SHORT_BINUNICODE, 40, 'x'.repeat(39), 0xff], 'STOP'],
    'an integer that is none': [[OP.INT, 'x\n'], 'STOP'],
    'a float that is none': [[OP.FLOAT, '1.0.0\n'], 'STOP'],
    'a quoted text without quotes': [[OP.STRING, 'abc\n'], 'STOP'],
    'a quoted text with half an escape': [[OP.STRING, "'\\x4'\n"], 'STOP'],
    'an escape without its digits': [[OP.UNICODE, '\\u12\n'], 'STOP'],
    'a code point beyond Unicode': [[OP.UNICODE, '\\Uffffffff\n'], 'STOP'],
    'a memo index that is none': [[OP.GET, '-1\n'], 'STOP'],
    'a length beyond the end': [[OP.BINBYTES, ...u32(1_000), 'abc'], 'STOP'],
    'a length of exabytes': [[OP.BINBYTES8, ...u64(2n ** 62n)], 'STOP'],
    'a text of exabytes': [[OP.BINUNICODE8, ...u64(2n ** 64n - 1n)], 'STOP'],
    'a bytearray of exabytes': [[OP.BYTEARRAY8, ...u64(2n ** 53n)], 'STOP'],
    'a frame beyond the end': [[OP.FRAME, ...u64(100n)], 'NONE', 'STOP'],
    'an integer of negative length': [[OP.LONG4, ...u32(0xffff_ffff)], 'STOP'],
    'a text of negative length': [[OP.BINSTRING, ...u32(0xffff_ffff)], 'STOP'],
    'a month 13': [...call('datetime', 'date', [OP.SHORT_BINBYTES, 4, 7, 232, 13, 1]), 'STOP'],
    'a million microseconds': [...call('datetime', 'time', [OP.SHORT_BINBYTES, 6, 1, 2, 3, 255, 255, 255]), 'STOP'],
    'an offset of days': [
      ...call(
        'datetime',
        'time',
        [OP.SHORT_BINBYTES, 6, 1, 2, 3, 0, 0, 0],
        ...call('pytz', 'FixedOffset', [OP.BININT2, 255, 255]),
      ),
      'STOP',
    ],
  };

  it.each(Object.entries(cases))('refuses %s', (_title, parts) => {
    const error = refusal(assemble(...parts));
    expect(error.code).toBe('RB_DECODE');
    expect(error.message).toMatch(/^cannot read pickle( at byte \d+)?: ./);
  });

  it('refuses text where bytes are due', () => {
    expect(() => pickle.decode('N.')).toThrow(
      new ResultError('RB_DECODE', 'cannot read pickle: expected bytes, got text'),
    );
  });

  it('says at which byte', () => {
    expect(refusal(assemble('NONE', [OP.BINBYTES, ...u32(9)])).message).toBe(
      'cannot read pickle at byte 6: it ends 9 bytes early',
    );
  });

  it('never quotes the payload, not even where a value class refuses it', () => {
    const secret = 'hunter2 hunter2';
    for (const parts of [
      call('decimal', 'Decimal', text(secret)),
      call('uuid', 'UUID', text(secret)),
      [...call('a', 'b'), text(secret), 'BUILD', text(secret), 'BUILD'] as Parts,
      [[OP.INT, `${secret}\n`]] as Parts,
    ]) {
      const error = refusal(assemble(...parts, 'STOP'));
      expect(`${error.message} ${error.cause}`).not.toContain('hunter');
    }
  });
});

describe('what a pickle would run', () => {
  const attack = assemble(...call('posix', 'system', text('echo pwned')), 'STOP');

  it('reads a call of os.system as data', () => {
    expect(pickle.decode(attack)).toEqual(new Opaque('posix', 'system', ['echo pwned']));
  });

  it('refuses it by name where unknown names are to be refused', () => {
    const error = refusal(attack, pickleSerializer({ unknown: 'refuse' }));
    expect(error.message).toMatch(/^cannot read pickle at byte \d+: posix\.system is no known type in a known form/);
  });

  it('refuses a bare name and the call of a call too', () => {
    const strict = pickleSerializer({ unknown: 'refuse' });
    const name: Parts = [text('posix'), text('system'), 'STACK_GLOBAL'];
    expect(refusal(assemble(...name, 'STOP'), strict).message).toContain('posix.system');
    const nested = assemble(...call('a', 'b'), 'EMPTY_TUPLE', 'REDUCE', 'STOP');
    expect(refusal(nested, strict).message).toContain('the result of a call');
  });

  it('cuts and cleans a hostile name in its error', () => {
    const hostile = assemble([OP.GLOBAL, `a\x1b[31m\n${'b'.repeat(5_000)}\n`], 'STOP');
    const { message } = refusal(hostile, pickleSerializer({ unknown: 'refuse' }));
    expect(message.length).toBeLessThan(250);
    expect(message).not.toContain('\x1b');
  });

  it.each([
    ['a backend', 'celery.backends.base', 'unpickle_backend'],
    ['an app', 'celery.app.base', '_unpickle_app'],
    ['a connection', 'kombu.connection', 'Connection'],
  ])('keeps no argument of %s, whose URL has a password', (_title, module, name) => {
    const data = assemble(...call(module, name, text('redis://:s3cret@host')), text('s3cret'), 'BUILD', 'STOP');
    expect(pickle.decode(data)).toEqual(new Opaque(module, name, []));
  });
});

describe('bombs', () => {
  const nested = (depth: number): Uint8Array =>
    assemble('NONE', ...new Array<OpcodeName>(depth).fill('TUPLE1'), 'STOP');

  it('refuses values that double at every level, though they are few', () => {
    const doubled: Parts = Array.from({ length: 60 }, () => ['DUP', 'TUPLE2'] as const).flat();
    expect(refusal(assemble('EMPTY_LIST', ...doubled, 'STOP')).message).toContain('maxItems');
  });

  it('refuses lists that contain each other twice', () => {
    const parts: (OpcodeName | (number | string)[])[] = ['EMPTY_LIST', [OP.BINPUT, 0]];
    for (let level = 1; level < 40; level++) {
      parts.push('EMPTY_LIST', [OP.BINPUT, level], 'MARK', [OP.BINGET, level - 1], [OP.BINGET, level - 1], 'APPENDS');
    }
    expect(refusal(assemble(...parts, 'STOP')).message).toContain('shared ones counted in full');
  });

  it('counts shared text wherever it stands', () => {
    const long = [OP.BINUNICODE, ...u32(1_000_000), 'x'.repeat(1_000_000)];
    const many: Parts = Array.from({ length: 100 }, () => [OP.BINGET, 0]);
    expect(refusal(assemble(long, [OP.BINPUT, 0], 'MARK', ...many, 'LIST', 'STOP')).message).toContain('maxBytes');
  });

  it('counts shared integers wherever they stand', () => {
    const long = [OP.LONG4, ...u32(65_536), '\x01'.repeat(65_536)];
    const many: Parts = Array.from({ length: 2_000 }, () => [OP.BINGET, 0]);
    expect(refusal(assemble(long, [OP.BINPUT, 0], 'MARK', ...many, 'LIST', 'STOP')).message).toContain('maxBytes');
  });

  it('refuses more values than maxItems before they take memory', () => {
    for (const op of [OP.EMPTY_DICT, OP.MARK]) {
      expect(refusal(Buffer.alloc(3_000_000, op)).message).toContain('maxItems');
    }
  });

  it('refuses a memo index that no pickle of its size needs', () => {
    expect(refusal(assemble('NONE', [OP.LONG_BINPUT, ...u32(0xffff_ffff)], 'STOP')).message).toContain('maxItems');
  });

  it('refuses nesting beyond maxDepth', () => {
    expect(refusal(nested(100_000)).message).toContain('maxDepth');
    expect(() => pickle.decode(nested(499))).not.toThrow();
  });

  it('finds nesting that sharing hides', () => {
    const parts: (OpcodeName | (number | string)[])[] = ['MARK', 'EMPTY_LIST', [OP.BINPUT, 0]];
    // Each list holds the one before; all stand side by side, innermost first.
    for (let level = 1; level < 600; level++) {
      parts.push([OP.LONG_BINGET, ...u32(level - 1)], 'POP', 'EMPTY_LIST', [OP.LONG_BINPUT, ...u32(level)]);
      parts.push([OP.LONG_BINGET, ...u32(level - 1)], 'APPEND');
    }
    expect(refusal(assemble(...parts, 'LIST', 'STOP')).message).toContain('maxDepth');
  });

  it('survives the deepest nesting that maxDepth allows', () => {
    const deepest = pickleSerializer({ maxDepth: 1_000 });
    const value = deepest.decode(nested(999));
    expect(() => deepest.encode(value)).not.toThrow();
    const calls: Parts = Array.from({ length: 900 }, () => ['TUPLE1', 'REDUCE'] as const).flat();
    const names: Parts = Array.from({ length: 900 }, () => [text('a'), text('b'), 'STACK_GLOBAL'] as const).flat();
    expect(() => deepest.decode(assemble(...names, 'NONE', ...calls, 'STOP'))).not.toThrow();
  });

  it('refuses integers beyond maxIntegerBytes, binary or decimal', () => {
    const binary = assemble([OP.LONG4, ...u32(70_000), '\x01'.repeat(70_000)], 'STOP');
    const decimal = assemble([OP.LONG, `${'9'.repeat(70_000)}L\n`], 'STOP');
    for (const data of [binary, decimal]) expect(refusal(data).message).toContain('maxIntegerBytes');
  });

  it('refuses a pickle longer than maxBytes', () => {
    expect(refusal(assemble(text('abcdef'), 'STOP'), pickleSerializer({ maxBytes: 8 })).message).toContain('maxBytes');
  });
});

describe('cycles', () => {
  const cases: Record<string, Parts> = {
    'a list in itself': ['EMPTY_LIST', 'DUP', 'APPEND'],
    'a dict in itself': ['EMPTY_DICT', [OP.BINPUT, 0], text('k'), [OP.BINGET, 0], 'SETITEM'],
    'a set in itself': ['EMPTY_SET', [OP.BINPUT, 0], 'MARK', [OP.BINGET, 0], 'ADDITEMS'],
    'a tuple in its own list': ['EMPTY_LIST', [OP.BINPUT, 0], [OP.BINGET, 0], 'TUPLE1', 'APPEND'],
    'an object in its own state': [...call('a', 'b'), [OP.BINPUT, 0], [OP.BINGET, 0], 'BUILD'],
    'an object in its own items': [...call('a', 'b'), [OP.BINPUT, 0], [OP.BINGET, 0], 'APPEND'],
    'a group in its own members': [
      'EMPTY_LIST',
      [OP.BINPUT, 0],
      ...call('celery.result', 'GroupResult', text('id'), [OP.BINGET, 0]),
      'APPEND',
    ],
  };

  it.each(Object.entries(cases))('refuses %s', (_title, parts) => {
    expect(refusal(assemble(...parts, 'STOP')).message).toBe('cannot read pickle: a value contains itself');
  });
});
