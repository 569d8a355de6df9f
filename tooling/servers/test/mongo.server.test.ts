import { MongoClient } from 'mongodb';
import { type Connect, lifecycle } from './lifecycle.ts';

const VERSION = /^(DocumentDB \d+\.\d+\.\d+|MongoDB \d+\.\d+\.\d+)/;

const connect: Connect = async ({ url }) => {
  // Without the driver's own second attempts, which would hide that a connection died.
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000, retryReads: false, retryWrites: false });
  await client.connect();
  const values = client.db('rb').collection<{ _id: string; value: string }>('lifecycle');
  return {
    write: (value) => values.updateOne({ _id: 'key' }, { $set: { value } }, { upsert: true }),
    read: async () => String((await values.findOne({ _id: 'key' }))?.value),
    close: () => client.close(),
  };
};

await lifecycle('mongo', { connect, version: VERSION });
