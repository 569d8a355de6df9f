import {
  abortable,
  CONTRACT_VERSION,
  decodeRecord,
  encodeRecord,
  isResultError,
  json,
  ResultError,
  throwIfAborted,
} from '@rb/core';
import { Redis } from 'ioredis';

/** SUCCESS is final, decided by the server. */
const PUT = `
if redis.call('HGET', KEYS[1], 'state') == 'SUCCESS' then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'data', ARGV[2])
return 1`;

const MAX_BYTES = 2 ** 21;

/** One hash per record: its state beside its document. No expiry, no push: what is absent here is not promised. */
export function acmeRedisStore({ url, prefix }) {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 });
  client.defineCommand('acmePut', { numberOfKeys: 1, lua: PUT });
  client.on('error', () => {});
  let closed = false;

  const run = async (doing, { signal } = {}, work) => {
    if (closed) throw new ResultError('RB_CLOSED', `${doing} was not done: the store is closed`);
    throwIfAborted(signal, doing);
    try {
      return await abortable(work(), signal, doing);
    } catch (cause) {
      if (isResultError(cause)) throw cause;
      if (closed) throw new ResultError('RB_CLOSED', `${doing} was cut short: the store is closed`);
      throw new ResultError('RB_UNAVAILABLE', `${doing} failed`, { cause: new Error(cause.message) });
    }
  };

  const encoded = (record) => {
    const data = encodeRecord(record, json);
    if (Buffer.byteLength(data) <= MAX_BYTES) return data;
    throw new ResultError('RB_TOO_LARGE', `task ${record.taskId} takes more than ${MAX_BYTES} bytes`, {
      taskId: record.taskId,
    });
  };
  const putOne = (record) => {
    try {
      return client.acmePut(prefix + record.taskId, record.state, encoded(record));
    } catch (refused) {
      return { refused };
    }
  };
  const read = (taskId, data) => {
    try {
      return data === null ? undefined : decodeRecord(taskId, data, json, null);
    } catch (refused) {
      return { taskId, refused };
    }
  };

  return {
    contract: CONTRACT_VERSION,
    name: 'acme-redis',
    traits: { durable: true, readers: 'any', maxBytes: MAX_BYTES, keeps: 'all' },
    put: (records, options) =>
      run('the put', options, async () => {
        const replies = await Promise.all(records.map(putOne));
        return replies.map((reply) => {
          if (typeof reply === 'object') return reply;
          return reply === 1 ? { applied: true } : { applied: false, state: 'SUCCESS' };
        });
      }),
    get: (taskIds, options) =>
      run('the get', options, async () => {
        const found = await Promise.all(taskIds.map((taskId) => client.hget(prefix + taskId, 'data')));
        return taskIds.map((taskId, i) => read(taskId, found[i]));
      }),
    delete: (taskIds, options) =>
      run('the delete', options, async () =>
        taskIds.length === 0 ? 0 : client.del(taskIds.map((taskId) => prefix + taskId)),
      ),
    async close() {
      if (closed) return;
      closed = true;
      if (client.status === 'ready') await client.quit().catch(() => {});
      client.disconnect();
    },
  };
}
