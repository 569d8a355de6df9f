export type { MongoClientLike, MongoStoreOptions } from './options.js';
export { mongoStore, storeFromUrl } from './store.js';
