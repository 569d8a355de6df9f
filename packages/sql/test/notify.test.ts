import type { NotifyCapability, TaskRecord } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { startWriter } from './processes/index.js';
import { code, eventually, openRaw, openStore, present, record, temporaryFile } from './support.js';

/** A subscription that remembers what it was told. */
function collect(notify: NotifyCapability | undefined) {
  const told: TaskRecord[] = [];
  const subscription = present(notify).subscribe({
    record: (outcome) => told.push(outcome as TaskRecord),
    gap: () => undefined,
  });
  return { told, subscription, states: () => told.map(({ taskId, state }) => `${taskId} ${state}`) };
}

describe('a watcher', { timeout: 30_000 }, () => {
  it('is told of writes of its own store, in order, with the record that get returns', async () => {
    const store = openStore({ pollMs: 60_000 });
    const { told, subscription, states } = collect(store.notify);
    await subscription.add(['a']);
    await store.put([record('a', 'STARTED'), record('other')]);
    await eventually(() => expect(states()).toEqual(['a STARTED']));
    await store.put([record('a', 'SUCCESS', { result: [1], expiresAt: 2 ** 42 })]);
    await eventually(() => expect(states()).toEqual(['a STARTED', 'a SUCCESS']));
    expect(told[1]).toEqual((await store.get(['a']))[0]);
  });

  it('is told of what another process wrote, every time', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, pollMs: 2 });
    const writer = await startWriter(filename);
    const { subscription, states } = collect(store.notify);
    const ids = Array.from({ length: 30 }, (_, index) => `task-${index}`);
    for (const id of ids) {
      await subscription.add([id]);
      await writer.put([record(id)]);
    }
    await eventually(() => expect(states()).toEqual(ids.map((id) => `${id} SUCCESS`)));
  });

  it('is told of what Celery wrote: a row inserted and updated by plain SQL', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, pollMs: 2 });
    const { subscription, states } = collect(store.notify);
    await subscription.add(['a']);
    const raw = openRaw(filename);
    raw.exec("INSERT INTO celery_taskmeta (task_id, status) VALUES ('a', 'STARTED')");
    await eventually(() => expect(states()).toEqual(['a STARTED']));
    raw.exec("UPDATE celery_taskmeta SET traceback = 'text' WHERE task_id = 'a'");
    await eventually(() => expect(states()).toEqual(['a STARTED', 'a STARTED']));
    raw.exec("DELETE FROM celery_taskmeta WHERE task_id = 'a'");
    raw.exec("INSERT INTO celery_taskmeta (task_id, status) VALUES ('a', 'RETRY')");
    await eventually(() => expect(states()).toEqual(['a STARTED', 'a STARTED', 'a RETRY']));
  });

  it('is told in a table that is exactly as Celery made it', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, layout: 'celery', pollMs: 2 });
    const { subscription, states } = collect(store.notify);
    await subscription.add(['a']);
    const other = openStore({ filename, layout: 'celery' });
    await other.put([record('a', 'STARTED')]);
    await eventually(() => expect(states()).toEqual(['a STARTED']));
    await other.put([record('a')]);
    await eventually(() => expect(states()).toEqual(['a STARTED', 'a SUCCESS']));
  });

  it('is told of writes through another store on the same database object', async () => {
    const database = openRaw(temporaryFile());
    const { subscription, states } = collect(openStore({ database, pollMs: 2 }).notify);
    await subscription.add(['a']);
    await openStore({ database }).put([record('a')]);
    await eventually(() => expect(states()).toEqual(['a SUCCESS']));
  });

  it('is not told of what was there before, of a put that was not applied, or of ids it did not ask for', async () => {
    const store = openStore({ pollMs: 1 });
    await store.put([record('a')]);
    const { subscription, states } = collect(store.notify);
    await subscription.add(['a', 'end']);
    await store.put([record('a', 'FAILURE'), record('stranger')]);
    await store.put([record('end')]);
    await eventually(() => expect(states()).toContain('end SUCCESS'));
    expect(states()).toEqual(['end SUCCESS']);
  });

  it('is told no more after remove or close, while another watcher of the same id is', async () => {
    const store = openStore({ pollMs: 1 });
    const [removed, closed, control] = [collect(store.notify), collect(store.notify), collect(store.notify)];
    for (const { subscription } of [removed, closed, control]) await subscription.add(['a']);
    await store.put([record('a', 'STARTED')]);
    await eventually(() => expect(control.told).toHaveLength(1));
    removed.subscription.remove(['a']);
    await closed.subscription.close();
    await closed.subscription.close();
    await store.put([record('a')]);
    await eventually(() => expect(control.told).toHaveLength(2));
    expect([removed.states(), closed.states()]).toEqual([['a STARTED'], ['a STARTED']]);
  });

  it('that throws disturbs neither the others nor the store, and is reported', async () => {
    const errors: unknown[] = [];
    const store = openStore({ pollMs: 1, onBackgroundError: (error) => errors.push(error) });
    const thrown = new Error('mine');
    const thrower = present(store.notify).subscribe({
      record: () => {
        throw thrown;
      },
      gap: () => undefined,
    });
    const control = collect(store.notify);
    await thrower.add(['a']);
    await control.subscription.add(['a']);
    await store.put([record('a')]);
    await eventually(() => expect(control.states()).toEqual(['a SUCCESS']));
    expect(errors).toEqual([thrown]);
  });

  it('whose subscribing is aborted leaves nothing behind', async () => {
    const store = openStore({ pollMs: 1 });
    const aborted = collect(store.notify);
    expect(await code(aborted.subscription.add(['a'], { signal: AbortSignal.abort() }))).toBe('RB_ABORTED');
    const control = collect(store.notify);
    await control.subscription.add(['a']);
    await store.put([record('a')]);
    await eventually(() => expect(control.told).toHaveLength(1));
    expect(aborted.told).toEqual([]);
  });

  it('is told of what was written while the database could not be read', async () => {
    const filename = temporaryFile();
    const errors: unknown[] = [];
    const options = { filename, journalMode: 'DELETE', pollMs: 1, busyTimeoutMs: 0 } as const;
    const store = openStore({ ...options, onBackgroundError: (error) => errors.push(error) });
    const { subscription, states } = collect(store.notify);
    await subscription.add(['a']);
    const raw = openRaw(filename);
    raw.exec('BEGIN EXCLUSIVE');
    raw.exec("INSERT INTO celery_taskmeta (task_id, status) VALUES ('a', 'STARTED')");
    await eventually(() => expect(errors).not.toEqual([]));
    raw.exec('COMMIT');
    await eventually(() => expect(states()).toEqual(['a STARTED']));
  });
});

describe('watching', { timeout: 30_000 }, () => {
  it('covers 20,000 ids with one poll, and reads only what was written', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, pollMs: 1 });
    const { subscription, states } = collect(store.notify);
    await subscription.add(Array.from({ length: 20_000 }, (_, index) => `task-${index}`));
    await openStore({ filename }).put([record('task-19999'), record('task-7')]);
    await eventually(() => expect(states()).toHaveLength(2));
    expect(states().toSorted()).toEqual(['task-19999 SUCCESS', 'task-7 SUCCESS']);
  });

  it('keeps no process alive', async () => {
    const { execFileSync } = await import('node:child_process');
    const script = `import { sqliteStore } from '${new URL('../dist/sqlite.js', import.meta.url)}';
      const store = sqliteStore({ filename: process.argv[1] });
      await store.notify.subscribe({ record() {}, gap() {} }).add(['a']);
      console.log('watching');`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, temporaryFile()], {
      timeout: 10_000,
    });
    expect(output.toString()).toBe('watching\n');
  });
});
