import { createRequire } from 'node:module';
import { ResultError } from '@rb/core';

type Module = typeof import('mongodb');

/** What of the driver is needed at run time. */
export type Driver = Pick<Module, 'MongoClient' | 'BSON'>;
export type Bson = Module['BSON'];

/** mongodb, when the first store is made and not when this package is imported: it is an optional peer. Errors: RB_UNSUPPORTED. */
export function loadDriver(): Driver {
  try {
    return createRequire(import.meta.url)('mongodb') as Module;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ResultError('RB_UNSUPPORTED', '@rb/mongo needs mongodb, which is not installed: npm install mongodb', {
      cause,
    });
  }
}
