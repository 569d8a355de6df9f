// Without a binder: a runner that knows nothing but a title and a function.
import { it } from 'node:test';
import { clauses } from '@rb/conformance';
import { harness, options } from './clauses.mjs';

for (const clause of clauses(harness, options)) it(clause.title, clause.run);
