import { isKind, ResultNode } from '@rb/core';
import { TupleNode } from './nodes.js';
import type { Resolver } from './resolve.js';
import type { Target } from './target.js';

/**
 * Celery's AsyncResult and GroupResult, of which ids and their nesting are read. The backend beside them, whose pickle
 * holds the database URL with its password, is not even looked at.
 */

/** AsyncResult(id, backend, task_name, app, parent). EagerResult(id, value, state, traceback) has no parent. */
export const asyncResult = ({ callee, args }: Target, resolver: Resolver): ResultNode | undefined =>
  task(args, resolver, callee.name === 'EagerResult');

/** GroupResult(id, members, parent). */
export const groupResult = ({ args }: Target, resolver: Resolver): ResultNode | undefined => group(args, resolver);

/** `_unpickle_appattr("GroupResult", args)`: what Celery itself writes, since 3.1. */
export function resultByName({ args }: Target, resolver: Resolver): ResultNode | undefined {
  const [name, inner] = args;
  if (!(inner instanceof TupleNode)) return undefined;
  if (name === 'GroupResult') return group(inner.items, resolver);
  if (name === 'AsyncResult' || name === 'EagerResult') return task(inner.items, resolver, name === 'EagerResult');
  return undefined;
}

function task(args: readonly unknown[], resolver: Resolver, eager: boolean): ResultNode | undefined {
  const [id, , , , parent] = args;
  if (typeof id !== 'string') return undefined;
  return new ResultNode(id, eager ? null : parentOf(parent, resolver));
}

function group(args: readonly unknown[], resolver: Resolver): ResultNode | undefined {
  const [id, members, parent] = args;
  if (typeof id !== 'string' || !Array.isArray(members)) return undefined;
  const values = resolver.value(members) as unknown[];
  return new ResultNode(id, parentOf(parent, resolver), values.map(asNode));
}

const parentOf = (parent: unknown, resolver: Resolver): ResultNode | null =>
  parent === undefined || parent === null ? null : asNode(resolver.value(parent));

/** Errors: TypeError where it is something else. */
function asNode(value: unknown): ResultNode {
  if (isKind(value, 'node')) return value;
  throw new TypeError('expected a result');
}
