import { describe, expect, it, vi } from 'vitest';
import { later, type Moment } from '../src/moment.js';
import { pollingWatch } from '../src/watch.js';
import type { Latest, Told, WatchSource } from '../src/watch-source.js';
import { present, record } from './support.js';

const at = (next: number, ...running: number[]): Moment => ({ next, running });
const found = (state: string, version: string): Latest => ({ version, outcome: record('a', state) });

/** A watcher of `a`, which was not there as of transaction 10, on a database whose answers the test gives. */
async function watching(latest: NonNullable<WatchSource['latest']> = async () => ({ byId: new Map() })) {
  const states: string[] = [];
  const server = { asOf: at(10) };
  let listening: Told | undefined;
  const asked = vi.fn(latest);
  const watch = pollingWatch(
    {
      changed: async () => false,
      versions: async () => ({ byId: new Map(), asOf: server.asOf }),
      get: async () => [],
      latest: asked,
      told: ({ transaction, row }) => (row.whole === false ? undefined : found(String(row.state), String(transaction))),
    },
    {
      pollMs: 60_000,
      onBackgroundError: () => undefined,
      listen(told) {
        listening = told;
        return { start: async () => undefined, stop: () => undefined };
      },
    },
  );
  await watch
    .subscribe({ record: (outcome) => states.push('state' in outcome ? outcome.state : ''), gap: () => undefined })
    .add(['a']);
  const told = present(listening);
  const write = (transaction: number, state: string, row = {}): void =>
    told.row({ taskId: 'a', transaction, row: { state, ...row } });
  return { server, watch, told, write, states, asked };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a write that is told with its row', () => {
  it('is told without a question, and of several in one turn the last', async () => {
    const { write, told, states, asked } = await watching();
    told.wrote(['a', 'another']);
    write(10, 'STARTED');
    write(10, 'RETRY');
    await turn();
    write(10, 'RECEIVED');
    await turn();
    expect(states).toEqual(['RETRY', 'RECEIVED']);
    expect(asked).not.toHaveBeenCalled();
  });

  it('is asked for where a read may have seen it, where it is not whole, and where an id alone came after it', async () => {
    const { watch, write, told, states, asked } = await watching(async () => ({
      byId: new Map([['a', found('SUCCESS', '12')]]),
      asOf: at(13),
    }));
    write(9, 'STARTED');
    await turn();
    expect(states).toEqual(['SUCCESS']);
    write(13, 'RETRY', { whole: false });
    await turn();
    watch.read({ byId: new Map([['a', undefined]]), asOf: at(15) });
    write(14, 'RETRY');
    await turn();
    expect(states).toEqual(['SUCCESS']);
    // The last answer is of before that read, and so asked for again; but not for ever.
    await expect.poll(() => asked).toHaveBeenCalledTimes(3 + 20);
    await turn();
    write(15, 'STARTED');
    told.wrote(['a']);
    await expect.poll(() => asked).toHaveBeenCalledTimes(4 + 20);
    expect(states.slice(0, 2)).toEqual(['SUCCESS', 'STARTED']);
  });

  it('is not taken back by an answer that was read before it', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { write, told, states } = await watching(async () => {
      await answered;
      return { byId: new Map([['a', found('STARTED', '10')]]), asOf: at(12, 11) };
    });
    told.wrote(['a']);
    await turn();
    write(11, 'SUCCESS');
    await turn();
    answer();
    await turn();
    expect(states).toEqual(['SUCCESS']);
  });

  it('counts no more once the connection is another one: its server may number transactions otherwise', async () => {
    const { server, write, told, states } = await watching(async () => ({
      byId: new Map([['a', found('SUCCESS', '5')]]),
      asOf: at(6),
    }));
    write(500, 'STARTED');
    await turn();
    server.asOf = at(5);
    told.live();
    await turn();
    expect(states).toEqual(['STARTED', 'SUCCESS']);
  });
});

it('takes of two moments the one that has seen more', () => {
  expect(later(at(5), at(6, 5))).toEqual(at(6, 5));
  expect(later(at(6, 4, 5), at(6, 5))).toEqual(at(6, 5));
  expect(later(at(6), at(6, 5))).toEqual(at(6));
  expect(later(undefined, at(1))).toEqual(at(1));
});
