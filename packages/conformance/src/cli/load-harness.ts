import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Harness } from '../harness.js';
import { UsageError } from './arguments.js';

/** The export `harness` of a module, or its default one. Errors: UsageError. */
export async function loadHarness(path: string): Promise<Harness> {
  const file = resolve(path);
  if (!existsSync(file)) throw new UsageError(`${path}: there is no such file`);
  const url = pathToFileURL(file);
  const module: Readonly<Record<string, unknown>> = await import(url.href).catch((error: unknown) => {
    throw new UsageError(`${path} does not load`, { cause: error });
  });
  const harness = module.harness ?? module.default;
  if (!isHarness(harness)) {
    throw new UsageError(`${path} exports no harness: export const harness = { name: '...', async world() { ... } }`);
  }
  // So that a second process can be started, and failures can say how to repeat them.
  return { ...harness, module: harness.module ?? url };
}

const isHarness = (value: unknown): value is Harness =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'world' in value &&
  typeof value.world === 'function';
