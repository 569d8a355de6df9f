import { defineSuite } from '@rb/conformance';
import { describe, it } from 'vitest';
import { celeryHarness, harness } from './conformance/harness.ts';

defineSuite({ describe, it }, harness, { readme: new URL('../README.md', import.meta.url) });
defineSuite({ describe, it }, celeryHarness);
