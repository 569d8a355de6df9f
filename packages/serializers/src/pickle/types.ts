import { kindOf, type PythonSet } from '@rb/core';

/** What the writer must know of a JavaScript object. */

/** Made by a literal, `JSON.parse` or `Object.create(null)`, in any realm; no instance of a class. */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether Python can use it as a key. A tuple can be one if its items can, which are asked on their own. */
export function isHashable(value: object): boolean {
  const kind = kindOf(value);
  // An exception is written as a dict.
  if (kind !== undefined) return kind === 'set' ? (value as PythonSet).frozen : kind !== 'error';
  return !(Array.isArray(value) || isPlain(value) || value instanceof Map || value instanceof Set);
}

/** For error messages: what it is, never what it holds. */
export function typeName(value: object): string {
  if (Array.isArray(value)) return 'an array';
  if (isPlain(value)) return 'an object';
  const kind = kindOf(value);
  if (kind !== undefined) return `a Python ${kind}`;
  return `an instance of ${value.constructor?.name || 'an unnamed class'}`;
}

/** The way from a container to its part, as JavaScript writes it. Long keys are cut; what is no text is not shown. */
export function pathStep(key: unknown): string {
  if (typeof key === 'number') return `[${key}]`;
  if (typeof key !== 'string') return '[?]';
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]{0,59}$/u.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 60))}]`;
}
