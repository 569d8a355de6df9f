import { defineSuite } from '@rb/conformance';
import { describe, it } from 'mocha';
import { harness, options } from './clauses.mjs';

defineSuite({ describe, it }, harness, { ...options, report: process.env.REPORT });
