export type { EncryptedOptions } from './options.js';
export { encrypted } from './serializer.js';
