export { type LimitsOptions, limits } from './serializer.js';
