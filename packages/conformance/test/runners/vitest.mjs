import { defineSuite } from '@rb/conformance';
import { describe, it } from 'vitest';
import { harness, options } from './clauses.mjs';

defineSuite({ describe, it }, harness, { ...options, report: process.env.REPORT });
