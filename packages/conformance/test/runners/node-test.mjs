import { describe, it } from 'node:test';
import { defineSuite } from '@rb/conformance';
import { harness, options } from './clauses.mjs';

defineSuite({ describe, it }, harness, { ...options, report: process.env.REPORT });
