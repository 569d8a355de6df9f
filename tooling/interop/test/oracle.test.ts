import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CELERY_VERSIONS, type CeleryVersion } from '@rb/vectors';
import { afterAll, describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import { OracleError, startOracle } from '../src/oracle.ts';

const directory = mkdtempSync(join(tmpdir(), 'rb-oracle-'));
afterAll(() => rmSync(directory, { recursive: true }));

const KOMBU: Readonly<Record<CeleryVersion, string>> = { '5.2.6': '5.2.4', '5.6.3': '5.6.2' };

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);
  const backend = `db+sqlite:///${directory}/${version}.db`;

  describe(`the oracle of Celery ${version}`, () => {
    it('runs every package in the version that is pinned', async ({ oracle }) => {
      const info = await oracle.call('info');
      const pins = readFileSync(new URL(`../python/requirements-${version}.txt`, import.meta.url), 'utf8');
      const pinOf = (name: string): string | undefined => new RegExp(`^${name}==(.+)$`, 'm').exec(pins)?.[1];
      expect(info).toMatchObject({
        celery: version,
        kombu: KOMBU[version],
        sqlalchemy: pinOf('SQLAlchemy'),
        redis: pinOf('redis'),
        pymongo: pinOf('pymongo'),
        msgpack: pinOf('msgpack'),
        yaml: pinOf('PyYAML'),
      });
      expect(oracle.version).toBe(`Python ${info.python}, kombu ${KOMBU[version]}`);
      expect(oracle.how).toMatch(/^virtual environment \.tooling\/celery-/);
    });

    it('stores a result in SQLite and reads it back', async ({ oracle }) => {
      const value = { $tuple: ['ü', { $int: '18446744073709551616' }, null] };
      await oracle.call('configure', { app: 'sql', backend });
      await oracle.call('store_result', { app: 'sql', task_id: 'a', result: value, state: 'SUCCESS' });
      const meta = await oracle.call('get_task_meta', { app: 'sql', task_id: 'a' });
      expect(meta).toMatchObject({ task_id: 'a', status: 'SUCCESS', result: value, traceback: null });
      expect(await oracle.call('get_task_meta', { app: 'sql', task_id: 'b' })).toMatchObject({ status: 'PENDING' });
    });

    it('saves a group and waits for its members', async ({ oracle }) => {
      const tuple = [['g', null], [[['m', null], null]]];
      await oracle.call('configure', { app: 'groups', backend });
      await oracle.call('save_group', { app: 'groups', tuple });
      await oracle.call('store_result', { app: 'groups', task_id: 'm', result: 1, state: 'SUCCESS' });
      const group = await oracle.call('restore_group', { app: 'groups', group_id: 'g' });
      expect(group).toEqual({ type: 'GroupResult', value: { $result: tuple } });
      expect(await oracle.call('group_get', { app: 'groups', group_id: 'g' })).toEqual([1]);
    });

    it('captures what the MongoDB backend would store, without a server', async ({ oracle }) => {
      const task = { app: 'mongo', task_id: 'a' };
      await oracle.call('configure', { app: 'mongo', backend: 'mongodb://nowhere/celery', fake_mongo: true });
      await oracle.call('store_result', { ...task, result: [1], state: 'SUCCESS' });
      expect(await oracle.call('result', task)).toMatchObject({ state: 'SUCCESS', result: [1], ready: true });
      expect(await oracle.call('mongo_dump', { app: 'mongo', doc_id: 'a' })).toEqual(expect.any(String));
    });

    it('answers other requests while one waits in the background', async ({ oracle }) => {
      await oracle.call('configure', { app: 'waiting', backend });
      const task = { app: 'waiting', task_id: 'later' };
      const waiting = oracle.post('get', { ...task, background: true });
      await waiting.event('subscribed');
      await oracle.call('store_result', { ...task, result: 'done', state: 'SUCCESS' });
      expect(await waiting.done).toBe('done');
      // Told long ago, and still there for who asks late.
      expect(await waiting.event('subscribed')).toMatchObject({ event: 'subscribed' });
    });

    it('rejects the wait for an event that never comes', async ({ oracle }) => {
      await expect(oracle.post('info').event('subscribed')).rejects.toThrow('info ended without the event subscribed');
    });

    it('rejects with the exception that Python raised', async ({ oracle }) => {
      const failed = oracle.call('loads', {
        content_type: 'application/json',
        content_encoding: 'utf-8',
        body: 'ew==',
      });
      await expect(failed).rejects.toBeInstanceOf(OracleError);
      await expect(failed).rejects.toMatchObject({ type: 'DecodeError', module: 'kombu.exceptions' });
      await expect(oracle.call('no_such_op')).rejects.toMatchObject({ type: 'KeyError', module: 'builtins' });
    });

    it('rejects what is pending, and all that comes later, when its process dies', async ({ oracle: { celery } }) => {
      await using oracle = await startOracle(celery);
      const file = join(directory, `${version}-killed.db`);
      await oracle.call('configure', { backend: `db+sqlite:///${file}` });
      const waiting = oracle.post('get', { task_id: 'never', timeout: 60, background: true });
      await waiting.event('subscribed');
      assert(oracle.pid !== undefined);
      process.kill(oracle.pid, 'SIGKILL');
      await expect(waiting.done).rejects.toThrow(`Celery ${version} oracle ended (SIGKILL)`);
      await expect(waiting.event('never told')).rejects.toThrow('SIGKILL');
      await expect(oracle.call('info')).rejects.toThrow('SIGKILL');
    });

    it('closes although an operation is running, and more than once', async ({ oracle: { celery } }) => {
      const oracle = await startOracle(celery);
      await oracle.call('configure', { backend });
      const waiting = oracle.post('get', { task_id: 'never', timeout: 60 });
      await waiting.event('subscribed');
      await Promise.all([oracle.close(), oracle.close()]);
      await expect(waiting.done).rejects.toThrow('oracle ended');
    });
  });
}
