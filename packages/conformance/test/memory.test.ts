import { describe, it } from 'vitest';
import { defineSuite } from '../src/index.js';
import { memoryHarness } from '../src/reference/index.js';

// As an adapter's own conformance test looks; @rb/core cannot have it, because the kit needs @rb/core.
defineSuite({ describe, it }, memoryHarness, { readme: new URL('../../core/README.md', import.meta.url) });
