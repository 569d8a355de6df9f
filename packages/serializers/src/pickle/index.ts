export { isPickle } from './is-pickle.js';
export type { PickleOptions } from './limits.js';
export { pickle, pickleSerializer } from './serializer.js';
