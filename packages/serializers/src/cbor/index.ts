export type { TreeOptions } from '../tree-limits.js';
export { cbor, cborSerializer } from './serializer.js';
