export { decompress } from './decompress.js';
export type { MethodAlias, MethodName } from './method.js';
export type { CompressedOptions, DecompressLimits } from './options.js';
export { compressed } from './serializer.js';
