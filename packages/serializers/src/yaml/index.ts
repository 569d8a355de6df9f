export type { TreeOptions } from '../tree-limits.js';
export { yaml, yamlSerializer } from './serializer.js';
