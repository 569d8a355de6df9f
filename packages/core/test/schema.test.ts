import { describe, expect, it } from 'vitest';
import { createResultBackend, memoryStore, type StandardSchema } from '../src/index.js';
import { errorOf } from './stores.js';

type Issues = readonly {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}[];

/** What any library's schema looks like: total is a number, of which it makes text. */
function totalSchema(
  isAsync: boolean,
  issues: Issues = [{ message: 'expected number, got "s3cret"', path: ['total'] }],
): StandardSchema<{ total: string }> {
  const check = (value: unknown) => {
    const { total } = value as { total: unknown };
    return typeof total === 'number' ? { value: { total: `${total} EUR` } } : { issues };
  };
  return { '~standard': { version: 1, vendor: 'test', validate: isAsync ? async (value) => check(value) : check } };
}

describe.each([false, true])('a schema (async: %s)', (isAsync) => {
  it('gives the value that result returns', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.succeed('a', { total: 42 });
    expect(await backend.result('a', { schema: totalSchema(isAsync) })).toEqual({ total: '42 EUR' });
  });

  it('that does not match rejects with RB_DECODE, naming paths, with its own words only in the cause', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.succeed('a', { total: 's3cret' });
    const issues: Issues = [
      { message: 'expected number, got "s3cret"', path: ['total'] },
      { message: 'bad', path: ['items', { key: 3 }, 'name'] },
      { message: 'bad' },
    ];
    const error = await errorOf(backend.result('a', { schema: totalSchema(isAsync, issues) }));
    expect(error).toMatchObject({ code: 'RB_DECODE', taskId: 'a', cause: issues });
    expect(error.message).toBe(
      'the result of task a does not match its schema at total, items.3.name, the value itself; see the cause',
    );
  });

  it('is not asked where the task failed', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.fail('a', 'x');
    expect(await errorOf(backend.result('a', { schema: totalSchema(isAsync) }))).toMatchObject({
      name: 'TaskFailedError',
    });
  });
});

it('a schema may be a function, as with some libraries', async () => {
  await using backend = createResultBackend(memoryStore());
  await backend.succeed('a', { total: 1 });
  const schema = Object.assign(() => {}, totalSchema(false));
  expect(await backend.result('a', { schema })).toEqual({ total: '1 EUR' });
});
