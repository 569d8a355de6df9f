import type { Serializer } from '@rb/core';
import { isPickle } from './is-pickle.js';
import { type Limits, type PickleOptions, refuse, resolveOptions, tooMany } from './limits.js';
import { Machine } from './machine.js';
import { run } from './operations.js';
import { readPlain } from './plain.js';
import { Resolver } from './resolve.js';
import { write } from './writer.js';

/**
 * Python's pickle as data: no class or function that a pickle names is looked up, imported or called.
 * Reads protocols 0 to 5, writes protocol 4.
 *
 * Errors: TypeError where a limit is out of its range.
 */
export function pickleSerializer(options: PickleOptions = {}): Serializer {
  const limits = resolveOptions(options);
  return {
    name: 'pickle',
    contentType: 'application/x-python-serialize',
    contentEncoding: 'binary',
    recognizes: (data) => typeof data !== 'string' && isPickle(data),
    encode: (value) => write(value, limits),
    decode: (data) => read(data, limits),
  };
}

/** `pickleSerializer()` with the default options. */
export const pickle: Serializer = pickleSerializer();

function read(data: string | Uint8Array, limits: Limits): unknown {
  if (typeof data === 'string') throw refuse('expected bytes, got text');
  if (data.length > limits.maxBytes) throw refuse(tooMany(`it has ${data.length} bytes`, 'maxBytes', limits.maxBytes));
  const plain = readPlain(data, limits);
  if (plain !== undefined) return plain;
  const machine = new Machine(data, limits);
  return new Resolver(limits, machine.shared).value(run(machine));
}
