export type { EnvelopeForm } from './envelope.js';
export type { SignedOptions } from './options.js';
export { signed } from './serializer.js';
