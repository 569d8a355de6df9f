import { isResultError, ResultError } from '@rb/core';
import { type Method, TooLong } from './method.js';
import { methodByStart, methodOf } from './methods.js';
import { allowedBytes, type DecompressLimits, type Limits, resolveLimits } from './options.js';

/**
 * What kombu compressed, by the `compression` header of its message: name, alias or content type.
 *
 * Errors: RB_DECODE for what is damaged, passes a limit or is of no known method; RB_UNSUPPORTED where the method's library
 *         is not installed.
 */
export function decompress(bytes: Uint8Array, method: string, limits: DecompressLimits = {}): Uint8Array {
  const found = methodOf(method);
  if (found === undefined) {
    throw new ResultError('RB_DECODE', `the data is compressed by ${printable(method)}, which is no method known here`);
  }
  return expand(found, bytes, resolveLimits(limits));
}

/** What has no marker and begins as a compressed stream does; undefined for anything else. */
export function decompressBare(bytes: Uint8Array, limits: Limits): Uint8Array | undefined {
  const method = methodByStart(bytes);
  return method && expand(method, bytes, limits);
}

function expand(method: Method, bytes: Uint8Array, limits: Limits): Uint8Array {
  const allowed = allowedBytes(bytes.length, limits);
  try {
    return method.decompress(bytes, allowed);
  } catch (error) {
    if (isResultError(error)) throw error;
    if (error instanceof TooLong) throw tooLong(method, bytes.length, allowed, limits);
    throw new ResultError('RB_DECODE', `what is compressed by ${method.name} is damaged or cut off`, { cause: error });
  }
}

function tooLong({ name }: Method, length: number, allowed: number, limits: Limits): ResultError {
  const limit = allowed === limits.maxBytes ? 'maxBytes' : 'maxRatio';
  return new ResultError(
    'RB_DECODE',
    `${length} bytes of ${name} hold more than ${allowed} bytes (${limit} is ${limits[limit]}; raise it where such results are expected)`,
  );
}

/** From stored data, so cut, and without control characters. */
const printable = (name: string): string => name.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
