export { memoryHarness } from './memory.js';
export { REFERENCES } from './references.js';
export { handleOf, type SharedMemory, sharedMemory } from './shared-memory.js';
export { type VirtualClock, virtualClock } from './virtual-clock.js';
