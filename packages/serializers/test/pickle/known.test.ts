import { DateTime, Opaque, RemoteError, ResultNode, Uuid } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { pickle } from '../../src/pickle/index.js';
import { OP, type OpcodeName } from '../../src/pickle/opcodes.js';
import { assemble, call, text } from './assemble.js';
import { tagged } from './tagged.js';

type Parts = readonly (OpcodeName | readonly (number | string)[])[];

const name = (module: string, of: string): Parts => [text(module), text(of), 'STACK_GLOBAL'];
const tuple = (...parts: Parts): Parts => ['MARK', ...parts, 'TUPLE'];
const noon: Parts = [[OP.SHORT_BINBYTES, 10, 7, 232, 7, 1, 12, 0, 0, 0, 0, 0]];
const at = (zone: Parts): Parts => call('datetime', 'datetime', ...noon, ...zone);
const utcNoon = new Date(Date.UTC(2024, 6, 1, 12));

/** dateutil 2's tzinfos pickle as protocol 0 does, whatever the protocol. */
const reconstructed = (cls: string): Parts =>
  call(
    'copyreg',
    '_reconstructor',
    ...name('dateutil.tz.tz', cls),
    ...name('datetime', 'tzinfo'),
    ...call('datetime', 'tzinfo'),
  );
const half: Parts = call('datetime', 'timedelta', [OP.BININT1, 0], [OP.BININT2, 0x08, 0x07], [OP.BININT1, 0]);
const appattr = (of: string, ...args: Parts): Parts =>
  call('celery.app.base', '_unpickle_appattr', text(of), ...tuple(...args));
const wrapper = (...args: Parts): Parts => call('celery.utils.serialization', 'UnpickleableExceptionWrapper', ...args);

// Forms that neither the vectors nor the fixtures have.
const CASES: Record<string, readonly [Parts, unknown]> = {
  'UTC of dateutil 2': [at(reconstructed('tzutc')), utcNoon],
  'an offset of dateutil 2': [
    at([...reconstructed('tzoffset'), 'EMPTY_DICT', text('_offset'), ...half, 'SETITEM', 'BUILD']),
    new DateTime(utcNoon.getTime() - 1_800_000, { offsetSeconds: 1_800 }),
  ],
  'an offset of dateutil in seconds': [
    at(call('dateutil.tz', 'tzoffset', 'NONE', [OP.BININT2, 0x08, 0x07])),
    new DateTime(utcNoon.getTime() - 1_800_000, { offsetSeconds: 1_800 }),
  ],
  'a ZoneInfo made by its class': [
    at(call('zoneinfo', 'ZoneInfo', text('Asia/Kolkata'))),
    new DateTime(utcNoon.getTime() - 19_800_000, { offsetSeconds: 19_800, zone: 'Asia/Kolkata' }),
  ],
  'a datetime whose zone is None': [at(['NONE']), new DateTime(utcNoon.getTime(), { offsetSeconds: null })],
  'a UUID made from text': [call('uuid', 'UUID', text('0'.repeat(31).concat('7'))), new Uuid('7'.padStart(32, '0'))],
  'a UUID with more in its state': [
    [
      ...([...name('uuid', 'UUID'), 'EMPTY_TUPLE', 'NEWOBJ', 'EMPTY_DICT', 'MARK'] as const),
      ...([text('is_safe'), ...call('uuid', 'SafeUUID', 'NONE'), text('int'), [OP.BININT1, 7]] as const),
      ...(['SETITEMS', 'BUILD'] as const),
    ],
    new Uuid('7'.padStart(32, '0')),
  ],
  'an exception that Python could not pickle': [
    [
      ...wrapper(text('shop'), text('Odd'), ...tuple(text('a'), [OP.BININT1, 1]), text("Odd('a', 1)")),
      ...(['EMPTY_DICT', text('text'), text('x'), 'SETITEM', 'BUILD'] as const),
    ],
    new RemoteError('Odd', 'shop', ['a', 1], "Odd('a', 1)"),
  ],
  'an exception of celery.exceptions with attributes': [
    [...call('celery.exceptions', 'Reject', text('r')), 'EMPTY_DICT', text('requeue'), 'NEWTRUE', 'SETITEM', 'BUILD'],
    new RemoteError('Reject', 'celery.exceptions', ['r']),
  ],
  'an object whose class only sounds like an exception': [
    [...name('shop', 'FormError'), 'EMPTY_TUPLE', 'NEWOBJ'],
    new Opaque('shop', 'FormError', [], undefined, { form: 'new' }),
  ],
  'an AsyncResult with a parent': [
    call(
      'celery.result',
      'AsyncResult',
      text('b'),
      'NONE',
      'NONE',
      'NONE',
      ...call('celery.result', 'AsyncResult', text('a')),
    ),
    new ResultNode('b', new ResultNode('a')),
  ],
  'an EagerResult, of which the id stays': [
    call('celery.result', 'EagerResult', text('e'), text('value'), text('SUCCESS'), 'NONE'),
    new ResultNode('e'),
  ],
  'an EagerResult by name': [
    appattr('EagerResult', text('e'), [OP.BININT1, 1], text('SUCCESS'), 'NONE'),
    new ResultNode('e'),
  ],
  'a group by name without backend': [
    appattr(
      'GroupResult',
      text('g'),
      'EMPTY_LIST',
      ...appattr('AsyncResult', text('a'), 'NONE', 'NONE', 'NONE', 'NONE'),
      'APPEND',
    ),
    new ResultNode('g', null, [new ResultNode('a')]),
  ],
  'another attribute of the app, of which nothing is kept': [
    appattr('conf', text('secret')),
    new Opaque('celery.app.base', '_unpickle_appattr', []),
  ],
  'a Decimal of what is no text': [call('decimal', 'Decimal', [OP.BININT1, 1]), new Opaque('decimal', 'Decimal', [1])],
};

describe('known types', () => {
  it.each(Object.entries(CASES))('reads %s', (_title, [parts, expected]) => {
    const value = pickle.decode(assemble(...parts, 'STOP'));
    expect(tagged(value)).toEqual(tagged(expected));
    if (expected instanceof RemoteError) expect((value as RemoteError).message).toBe(expected.message);
  });
});
