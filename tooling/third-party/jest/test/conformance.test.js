import { describe, it } from '@jest/globals';
import { defineSuite } from '@rb/conformance';
import { memoryHarness } from '@rb/conformance/reference';

defineSuite({ describe, it }, memoryHarness, { profile: 'quick' });
