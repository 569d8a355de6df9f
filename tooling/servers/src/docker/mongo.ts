import { MongoDBContainer } from '@testcontainers/mongodb';
import type { Recipe } from './recipe.ts';

export const mongo: Recipe = {
  image: 'mongo',
  title: 'MongoDB',
  port: 27017,
  container: (image, config) => {
    const names = Object.keys(config);
    if (names.length > 0) throw new Error(`testcontainers gives no settings to MongoDB, asked for ${names.join(', ')}`);
    return new MongoDBContainer(image);
  },
  ask: ['mongosh', '--quiet', '--eval', 'db.version()'],
  version: /^(\d[\d.]+)/m,
  // A replica set of one, which announces an address inside its network.
  url: (address) => `mongodb://${address}/?directConnection=true`,
};
