import { describe, expectTypeOf, it } from 'vitest';
import {
  type BackendRecord,
  type CallOptions,
  createResultBackend,
  type GetOutcome,
  memoryStore,
  type NotifyCapability,
  type PutOutcome,
  type ResultBackend,
  type ResultBackendOptions,
  type ResultError,
  type ResultStore,
  type StandardSchema,
  type StoreOptions,
  type StoreOutcome,
  type TaskRecord,
  type WaitOptions,
} from '../src/index.js';

// Checked by the compiler: the bodies are never run, or do nothing.

const never = (_use: (backend: ResultBackend, store: ResultStore) => unknown): void => {};

describe('the types', () => {
  it('give result() the type of its schema, of its type argument, or unknown', () => {
    const schema = {} as StandardSchema<{ total: number }>;
    never((backend) => {
      expectTypeOf(backend.result('a', { schema })).resolves.toEqualTypeOf<{ total: number }>();
      expectTypeOf(backend.result<string>('a')).resolves.toEqualTypeOf<string>();
      expectTypeOf(backend.result('a')).resolves.toEqualTypeOf<unknown>();
      // @ts-expect-error What the caller expects does not decide what a worker stored: claim it as result<number>().
      const claimed: Promise<number> = backend.result('a');
      void claimed;
      expectTypeOf(backend.group('g').join<number>()).resolves.toEqualTypeOf<number[]>();
      expectTypeOf(backend.watch('a')).toExtend<AsyncIterable<BackendRecord>>();
    });
  });

  it('narrow outcomes by their own properties', () => {
    const put = (outcome: PutOutcome): void => {
      if ('refused' in outcome) expectTypeOf(outcome.refused).toEqualTypeOf<ResultError>();
      else if (!outcome.applied) expectTypeOf(outcome.state).toExtend<string>();
    };
    const get = (outcome: GetOutcome): void => {
      if (outcome === undefined) return;
      if ('refused' in outcome) expectTypeOf(outcome.refused).toEqualTypeOf<ResultError>();
      else expectTypeOf(outcome).toEqualTypeOf<TaskRecord>();
    };
    const stored = (outcome: StoreOutcome): void => {
      if (!outcome.applied && 'ignored' in outcome) expectTypeOf(outcome.ignored).toEqualTypeOf<true>();
    };
    never(() => [put, get, stored]);
  });

  it('make a capability usable only after asking for it', () => {
    const store: ResultStore = memoryStore();
    expectTypeOf(store.notify).toEqualTypeOf<NotifyCapability | undefined>();
    if (store.notify) expectTypeOf(store.notify).toEqualTypeOf<NotifyCapability>();
    never((_backend, { groups }) => {
      // @ts-expect-error groups may be absent
      groups.load('g');
    });
  });

  it('accept undefined for every option, as exactOptionalPropertyTypes asks for', () => {
    expectTypeOf<{ signal: undefined }>().toExtend<CallOptions>();
    expectTypeOf<{ [K in keyof Required<StoreOptions>]: undefined }>().toExtend<StoreOptions>();
    expectTypeOf<{ [K in keyof Required<WaitOptions>]: undefined }>().toExtend<WaitOptions>();
    expectTypeOf<{ [K in keyof Required<ResultBackendOptions>]: undefined }>().toExtend<ResultBackendOptions>();
    const without: ResultStore = { ...memoryStore(), notify: undefined, groups: undefined };
    never(() => createResultBackend(without));
  });

  it('keep options, records and outcomes readonly', () => {
    never(() => {
      const options: ResultBackendOptions = {};
      // @ts-expect-error readonly
      options.pollMs = 5;
      const record = {} as TaskRecord;
      // @ts-expect-error readonly
      record.state = 'SUCCESS';
      const backendRecord = {} as BackendRecord;
      // @ts-expect-error readonly
      backendRecord.known = true;
    });
  });

  it('know the states of Celery and allow any other', () => {
    never((backend) => [backend.store('a', 'SUCCESS'), backend.store('a', 'UPLOADING')]);
    // @ts-expect-error a state is text
    never((backend) => backend.store('a', 5));
  });
});
