import {
  MongoBulkWriteError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import { isConflict, isDuplicate, isOutage, toResultError } from '../src/errors.js';

const of = (code: number): MongoServerError => new MongoServerError({ message: 'as the server words it', code });
const mapped = (cause: unknown, write = true) => toResultError(cause, { doing: 'storing', server: 'h', write });

/** What no server of these tests can be brought to say; made of the driver's own errors. */
describe('an error of the driver', () => {
  it.for<readonly [name: string, cause: unknown, code: string, retryable: boolean, isOutage: boolean]>([
    ['wrong password', of(18), 'RB_DENIED', false, false],
    ['missing right', of(13), 'RB_DENIED', false, false],
    ['no primary', of(10_107), 'RB_UNAVAILABLE', true, true],
    ['disk full', of(14_031), 'RB_UNAVAILABLE', true, false],
    ['throttled', of(16_500), 'RB_UNAVAILABLE', true, false],
    ['a validator', of(121), 'RB_ENCODE', false, false],
    ['too large', of(10_334), 'RB_TOO_LARGE', false, false],
    ['stepped down', of(11_602), 'RB_OUTCOME_UNKNOWN', true, true],
    ['time was over', of(50), 'RB_OUTCOME_UNKNOWN', true, true],
    ['unknown', of(4_242), 'RB_STORE', false, false],
    ['lost', new MongoNetworkError('read ECONNRESET'), 'RB_OUTCOME_UNKNOWN', true, true],
    ['silent', new MongoNetworkTimeoutError('timed out'), 'RB_OUTCOME_UNKNOWN', true, true],
    ['not connected', new MongoNetworkError('x', { beforeHandshake: true }), 'RB_UNAVAILABLE', true, true],
    ['closed', new MongoTopologyClosedError(), 'RB_UNAVAILABLE', true, true],
    ['a socket', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'RB_OUTCOME_UNKNOWN', true, true],
    [
      'lost in a batch',
      new MongoBulkWriteError(new MongoNetworkError('x') as never, {} as never),
      'RB_OUTCOME_UNKNOWN',
      true,
      true,
    ],
    [
      'not replicated',
      new MongoWriteConcernError({
        writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
        ok: 1,
      } as never),
      ...(['RB_OUTCOME_UNKNOWN', true, true] as const),
    ],
    ['no error at all', 'text', 'RB_STORE', false, false],
  ])('of a write: %s', ([, cause, code, retryable, outage]) => {
    expect(mapped(cause)).toMatchObject({ code, retryable });
    // Also once it has been told as an error of a put.
    expect([isOutage(cause), isOutage(mapped(cause))]).toEqual([outage, outage]);
  });

  it('of a read whose connection died is retryable, and nothing is in doubt', () => {
    expect(mapped(new MongoNetworkError('read ECONNRESET'), false)).toMatchObject({ code: 'RB_UNAVAILABLE' });
  });

  it('tells what was in the way', () => {
    expect([isDuplicate(of(11_000)), isDuplicate(of(112)), isConflict(of(112))]).toEqual([true, false, true]);
  });

  it('is the cause, without commands, documents and keys', () => {
    const error = new MongoServerError({
      code: 11_000,
      message: 'E11000 dup key: { worker: "secret" }',
      keyValue: { worker: 'secret' },
    });
    const { cause } = mapped(error);
    expect(cause).toMatchObject({ name: 'MongoServerError', code: 11_000 });
    expect(JSON.stringify(cause) + String((cause as Error).message)).not.toContain('secret');
  });
});
