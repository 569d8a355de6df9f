import { createRequire } from 'node:module';
import { ResultError } from '@rb/core';

export type Driver = Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>;

/** ioredis, when the first store is made and not when this package is imported: it is an optional peer. Errors: RB_UNSUPPORTED. */
export function loadDriver(): Driver {
  try {
    return createRequire(import.meta.url)('ioredis') as Driver;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ResultError('RB_UNSUPPORTED', '@rb/redis needs ioredis, which is not installed: npm install ioredis', {
      cause,
    });
  }
}
