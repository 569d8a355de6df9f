import { describe, it } from 'node:test';
import { defineSuite } from '@rb/conformance';
import { harness } from './harness.js';

defineSuite({ describe, it }, harness);
