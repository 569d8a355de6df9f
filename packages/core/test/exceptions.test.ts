import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Decimal,
  json,
  Opaque,
  prepareResult,
  RemoteError,
  restoreResult,
  type Serializer,
  Tuple,
} from '../src/index.js';

const STATES = ['FAILURE', 'RETRY', 'REVOKED'];

describe('preparing a result', () => {
  it.each(STATES)('makes the three keys of Celery, in its order, of a RemoteError in %s', (state) => {
    const document = prepareResult(state, new RemoteError('Outer.InnerError', 'app.errors', ['a', 1]));
    expect(JSON.stringify(document)).toBe(
      '{"exc_type":"Outer.InnerError","exc_message":["a",1],"exc_module":"app.errors"}',
    );
  });

  it('leaves a RemoteError alone in other states, where it is a value', () => {
    const error = new RemoteError('E', null, []);
    for (const state of ['SUCCESS', 'STARTED', 'PROGRESS']) expect(prepareResult(state, error)).toBe(error);
  });

  it('leaves what is no RemoteError alone', () => {
    const value = { reason: 'none' };
    expect(prepareResult('FAILURE', value)).toBe(value);
    expect(prepareResult('RETRY', null)).toBeNull();
  });

  it('makes null of undefined, as a Python function without return gives None', () => {
    expect(prepareResult('SUCCESS', undefined)).toBeNull();
    expect(prepareResult('RETRY', undefined)).toBeNull();
  });

  it('replaces each argument that the serializer cannot carry by text, and no other', () => {
    const cycle: unknown[] = [1];
    cycle.push(cycle);
    const args = [
      new Set([1, 2n]),
      'x',
      new Decimal('9.99'),
      cycle,
      Symbol('s'),
      () => 1,
      new (class Handle {})(),
      { a: new Map([[1, new Set()]]) },
    ];
    const { exc_message } = prepareResult('FAILURE', new RemoteError('E', null, args), json) as {
      exc_message: unknown[];
    };
    expect(exc_message).toEqual([
      '[1,"2"]',
      'x',
      new Decimal('9.99'),
      '<Array>',
      '<symbol>',
      '<function>',
      '<Handle>',
      '{"a":[[1,[]]]}',
    ]);
    expect(() => json.encode(exc_message)).not.toThrow();
  });

  it('asks the serializer about each argument as deep as it will stand', () => {
    const deepest = (depth: number): unknown => (depth === 0 ? 1 : [deepest(depth - 1)]);
    const error = new RemoteError('E', null, [deepest(998), deepest(997)]);
    const { exc_message } = prepareResult('FAILURE', error, json) as { exc_message: unknown[] };
    expect(exc_message.map((arg) => typeof arg)).toEqual(['string', 'object']);
  });

  it('keeps all arguments where no serializer is named', () => {
    const args = [new Set([1])];
    expect(prepareResult('FAILURE', new RemoteError('E', null, args))).toMatchObject({ exc_message: args });
  });

  it('keeps what another serializer can carry', () => {
    const everything: Serializer = { ...json, encode: () => '' };
    const args = [new Set([1])];
    expect(prepareResult('FAILURE', new RemoteError('E', null, args), everything)).toMatchObject({ exc_message: args });
  });
});

describe('restoring a result', () => {
  it.each(STATES)('makes a RemoteError of the three keys in %s', (state) => {
    const stored = { exc_type: 'ValueError', exc_message: ['böom'], exc_module: 'builtins' };
    expect(restoreResult(state, stored)).toStrictEqual(new RemoteError('ValueError', 'builtins', ['böom']));
  });

  it('leaves values of other states alone', () => {
    const stored = { exc_type: 'ValueError', exc_message: [], exc_module: 'builtins' };
    expect(restoreResult('SUCCESS', stored)).toBe(stored);
    expect(restoreResult('PROGRESS', 0)).toBe(0);
    expect(restoreResult('SUCCESS', undefined)).toBeNull();
  });

  it.each([[null], [undefined], [{}], [[]], [''], [0], [false]])(
    'reads %j as no exception, as Celery does',
    (stored) => {
      expect(restoreResult('FAILURE', stored)).toBeNull();
    },
  );

  it.each([
    ['a list', ['a', 1], ['a', 1]],
    ['a tuple', new Tuple(['a']), ['a']],
    ['an empty list', [], []],
    ['anything else', 'text', ['text']],
    ['an object', { code: 5 }, [{ code: 5 }]],
    ['null', null, [null]],
    ['nothing', undefined, ['']],
  ])('takes the arguments from %s', (_name, exc_message, args) => {
    const { exc_type, ...rest } = { exc_type: 'E', exc_message, exc_module: 'm' };
    const stored = exc_message === undefined ? { exc_type, exc_module: 'm' } : { exc_type, ...rest };
    expect(restoreResult('FAILURE', stored)).toStrictEqual(new RemoteError('E', 'm', args));
  });

  it.each([[{ exc_type: 'E', exc_message: [] }], [{ exc_type: 'E', exc_message: [], exc_module: null }]])(
    'has no module for %j',
    (stored) => {
      expect(restoreResult('FAILURE', stored)).toStrictEqual(new RemoteError('E', null, []));
    },
  );

  it('understands a list of pairs, as Celery does', () => {
    const stored = [['exc_type', 'ValueError'], new Tuple(['exc_message', ['x']]), ['exc_module', 'builtins']];
    expect(restoreResult('FAILURE', stored)).toStrictEqual(new RemoteError('ValueError', 'builtins', ['x']));
  });

  it.each([
    ['boom'],
    [5],
    [true],
    [[1, 2]],
    [[['exc_type', 'E'], 'x']],
    [{ exc_message: ['x'] }],
    [{ exc_type: 5 }],
    [{ exc_type: 'E', exc_module: {} }],
    [new Date(0)],
    [{ reason: 'custom' }],
  ])('keeps %j as data', (stored) => {
    expect(restoreResult('FAILURE', stored)).toBe(stored);
  });

  it('never looks the class up, whatever it is called', () => {
    const stored = { exc_type: 'system', exc_message: ['echo hi'], exc_module: 'os' };
    expect(restoreResult('FAILURE', stored)).toStrictEqual(new RemoteError('system', 'os', ['echo hi']));
    const proto = JSON.parse(
      '{"exc_type": "__proto__", "exc_message": {"__proto__": {"x": 1}}, "exc_module": "constructor"}',
    );
    expect(restoreResult('FAILURE', proto)).toMatchObject({ type: '__proto__', module: 'constructor' });
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES),
        fc.anything({ withNullPrototype: true, withMap: true }),
        (state, stored) => {
          expect(() => restoreResult(state, stored)).not.toThrow();
        },
      ),
    );
  });
});

describe('an exception that Python could not pickle', () => {
  const wrapper = (exc_message: unknown) => ({
    exc_type: 'UnpickleableExceptionWrapper',
    exc_message,
    exc_module: 'celery.utils.serialization',
  });

  it('is unwrapped to the class, arguments and text that it stands for', () => {
    const stored = wrapper(['proj', 'BadCtor', ['a', 1], "BadCtor('a', 1)"]);
    expect(restoreResult('FAILURE', stored)).toStrictEqual(
      new RemoteError('BadCtor', 'proj', ['a', 1], "BadCtor('a', 1)"),
    );
  });

  it('may lack its text', () => {
    expect(restoreResult('FAILURE', wrapper(['proj', 'BadCtor', new Tuple(['a'])]))).toStrictEqual(
      new RemoteError('BadCtor', 'proj', ['a']),
    );
  });

  it.each([[[]], [['proj', 'BadCtor']], [['proj', 5, []]], [[null, 'BadCtor', []]]])(
    'stays wrapped where its arguments are %j',
    (args) => {
      expect(restoreResult('FAILURE', wrapper(args))).toStrictEqual(
        new RemoteError('UnpickleableExceptionWrapper', 'celery.utils.serialization', args),
      );
    },
  );
});

it('reads a pickled exception whose name does not tell as what its state says it is', () => {
  const stored = new Opaque('proj', 'Boom', ['a', 1]);
  expect(restoreResult('FAILURE', stored)).toStrictEqual(new RemoteError('Boom', 'proj', ['a', 1]));
  expect(restoreResult('SUCCESS', stored)).toBe(stored);
  const named = new Opaque('proj', 'Boom', [], undefined, { form: 'name' });
  expect(restoreResult('FAILURE', named)).toBe(named);
});

it('gives back every RemoteError that was prepared and stored', () => {
  const errors = fc.tuple(
    fc.string(),
    fc.option(fc.string()),
    fc.array(fc.jsonValue().filter((value) => !Object.is(value, -0))),
  );
  fc.assert(
    fc.property(fc.constantFrom(...STATES), errors, (state, [type, module, args]) => {
      const text = json.encode(prepareResult(state, new RemoteError(type, module, args), json));
      expect(json.encode(restoreResult(state, json.decode(text)))).toBe(text);
    }),
  );
});
