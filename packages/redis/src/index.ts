export type { Credentials, RedisClient, RedisStoreOptions, UserAndPassword } from './options.js';
export { redisStore, storeFromUrl } from './store.js';
export type { Host } from './url.js';
