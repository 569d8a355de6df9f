export type { TreeOptions } from '../tree-limits.js';
export { msgpack, msgpackSerializer } from './serializer.js';
