import { RemoteError } from '@rb/core';
import { TupleNode } from './nodes.js';
import type { Resolver } from './resolve.js';
import type { Target } from './target.js';

/** Modules that by custom hold exceptions and nothing else, Celery's, billiard's and kombu's among them. */
const MODULE = /(?:^|\.)exceptions?$|^psycopg2?\.errors$/;

/** All of Python's built-in exceptions end in one of these. */
const BUILTIN = /(?:Error|Exception|Warning|Group|Exit|Interrupt|Iteration)$/;

/** And by custom most others. */
const NAME = /(?:Error|Exception|Warning|Exceeded)$/;

/**
 * Whether an object plainly is an exception, by its name alone. Python pickles every exception as a call of its class
 * with its arguments; an object that is made in another way is none, whatever its name.
 */
export function isException({ callee, form, node }: Target): boolean {
  if (form !== 'call' || node.items.length + node.entries.length > 0) return false;
  if (callee.module === 'builtins') return BUILTIN.test(callee.name);
  return MODULE.test(callee.module) || NAME.test(callee.name);
}

/** As for every serializer of Celery, only the arguments travel, not attributes that were set later. */
export const remoteError = ({ callee, args }: Target, resolver: Resolver): RemoteError =>
  new RemoteError(callee.name, callee.module, resolver.values(args));

/** What Celery stores for an exception that Python cannot pickle: module, class, arguments, text. */
export function unwrapError({ args }: Target, resolver: Resolver): RemoteError | undefined {
  const [module, name, inner, text] = args;
  if (typeof module !== 'string' || typeof name !== 'string' || typeof text !== 'string') return undefined;
  const nodes = inner instanceof TupleNode ? inner.items : inner;
  return Array.isArray(nodes) ? new RemoteError(name, module, resolver.values(nodes), text) : undefined;
}
