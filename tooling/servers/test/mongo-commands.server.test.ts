import { type Collection, Int32, Long, MongoClient, ObjectId } from 'mongodb';
import { describe, expect } from 'vitest';
import { serverTest } from '../src/fixture.ts';
import { namespace } from '../src/shared.ts';

interface Task {
  readonly _id: string | number;
  readonly [name: string]: unknown;
}

const it = (await serverTest('mongo')).extend<{ tasks: Collection<Task> }>({
  tasks: async ({ server }, use) => {
    const client = new MongoClient(server.url);
    const database = client.db(namespace());
    await use(database.collection('tasks'));
    await database.dropDatabase();
    await client.close();
  },
});

// What stores need of a MongoDB, by the official driver. The same holds for a real one and for DocumentDB.
describe('mongo', { timeout: 30_000 }, () => {
  it('gives back every kind of value that it was given', async ({ tasks }) => {
    const document = {
      _id: 'all',
      text: 'Grüße\u0000',
      double: 1.5,
      small: new Int32(7),
      long: Long.fromString('9007199254740993'),
      date: new Date(1_700_000_000_123),
      bytes: Buffer.from([0, 255]),
      id: new ObjectId(),
      list: [1, null, { nested: true }],
      none: null,
    };
    await tasks.insertOne(document);
    const found = await tasks.findOne({ _id: 'all' }, { promoteLongs: false, promoteBuffers: true });
    expect(found).toEqual({ ...document, small: 7 });
  });

  it('refuses a second document of the same id with code 11000, and stores the others of an unordered batch', async ({
    tasks,
  }) => {
    await tasks.insertOne({ _id: 'a' });
    await expect(tasks.insertOne({ _id: 'a' })).rejects.toMatchObject({
      code: 11_000,
      message: expect.stringContaining('E11000'),
    });
    const batch = tasks.insertMany([{ _id: 'b' }, { _id: 'a' }, { _id: 'c' }], { ordered: false });
    await expect(batch).rejects.toMatchObject({ code: 11_000, insertedCount: 2 });
    expect(await tasks.countDocuments()).toBe(3);
  });

  it('updates by a pipeline that reads what is stored, one document at a time', async ({ tasks }) => {
    const once = [
      { $set: { winner: { $ifNull: ['$winner', '$$NOW'] }, count: { $add: [{ $ifNull: ['$count', 0] }, 1] } } },
    ];
    await tasks.updateOne({ _id: 'a' }, once, { upsert: true });
    const first = await tasks.findOne({ _id: 'a' });
    await Promise.all(Array.from({ length: 20 }, () => tasks.updateOne({ _id: 'a' }, once)));
    expect(await tasks.findOne({ _id: 'a' })).toEqual({ _id: 'a', winner: first?.winner, count: 21 });
  });

  it('lets one of many win what all want', async ({ tasks }) => {
    await tasks.insertOne({ _id: 'a', state: 'free' });
    const attempts = Array.from({ length: 20 }, (_, winner) =>
      tasks.findOneAndUpdate({ _id: 'a', state: 'free' }, { $set: { state: 'taken', winner } }),
    );
    expect((await Promise.all(attempts)).filter((each) => each !== null)).toHaveLength(1);
  });

  it('gives many documents page by page, to several readers at once', async ({ tasks }) => {
    await tasks.insertMany(Array.from({ length: 500 }, (_, _id) => ({ _id, half: _id % 2, pad: 'x'.repeat(100) })));
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const _ of tasks.find({}, { batchSize: 37 }).sort({ pad: 1, _id: -1 })) count++;
      return count;
    };
    expect(await Promise.all([read(), read(), read()])).toEqual([500, 500, 500]);
    const groups = tasks.aggregate([{ $group: { _id: '$half', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]);
    expect(await groups.toArray()).toEqual([
      { _id: 0, n: 250 },
      { _id: 1, n: 250 },
    ]);
    expect((await tasks.distinct('half')).toSorted()).toEqual([0, 1]);
    const abandoned = tasks.find({}, { batchSize: 2 });
    await abandoned.next();
    await abandoned.close();
  });

  it('has an index when it says so, which refuses what is not unique, and forgets it', async ({ tasks }) => {
    expect(await tasks.createIndex({ name: 1 }, { unique: true, sparse: true })).toBe('name_1');
    await tasks.insertOne({ _id: 'a', name: 'same' });
    await expect(tasks.insertOne({ _id: 'b', name: 'same' })).rejects.toMatchObject({ code: 11_000 });
    await expect(tasks.createIndex({ name: 1 }, { unique: true, sparse: true, name: 'other' })).rejects.toMatchObject({
      code: 85,
    });
    expect((await tasks.indexes()).map(({ name }) => name).toSorted()).toEqual(['_id_', 'name_1']);
    await tasks.dropIndex('name_1');
    expect(await tasks.indexes()).toHaveLength(1);
    await expect(tasks.dropIndex('name_1')).rejects.toMatchObject({ code: 27 });
    await tasks.insertOne({ _id: 'b', name: 'same' });
  });

  it('removes what an index says has expired', { timeout: 120_000 }, async ({ tasks }) => {
    await tasks.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
    await tasks.insertMany([
      { _id: 'past', expiresAt: new Date(Date.now() - 1_000) },
      { _id: 'future', expiresAt: new Date(Date.now() + 600_000) },
    ]);
    // A real one looks each minute.
    await expect.poll(() => tasks.countDocuments(), { timeout: 100_000, interval: 200 }).toBe(1);
    expect(await tasks.findOne()).toMatchObject({ _id: 'future' });
  });

  it('says that it does not know a command', async ({ tasks, server }) => {
    const client = new MongoClient(server.url);
    await expect(client.db(tasks.dbName).command({ nonsense: 1 })).rejects.toMatchObject({ code: 59 });
    await client.close();
  });

  it('refuses transactions and change streams where it is DocumentDB, as its README says', async ({
    tasks,
    server,
    skip,
  }) => {
    if (!server.version.startsWith('DocumentDB')) skip('a real MongoDB has both');
    await expect(tasks.watch().next()).rejects.toMatchObject({ code: 115 });
    const client = new MongoClient(server.url);
    const change = client.withSession((session) =>
      session.withTransaction(() => client.db(tasks.dbName).collection('tasks').insertOne({}, { session })),
    );
    // The driver's words for code 20.
    await expect(change).rejects.toThrow('does not support retryable writes');
    await client.close();
  });
});
