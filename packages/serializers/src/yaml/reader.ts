import { createRequire } from 'node:module';
import { isResultError, ResultError } from '@rb/core';
import type * as Library from 'js-yaml';
import { beyond, type TreeLimits, unreadable } from '../tree-limits.js';
import { sizeOf } from './expanded.js';
import { schemaOf } from './schema.js';

/** js-yaml, when it is first needed and not when this is imported: it is an optional peer. */
function library(): typeof Library {
  try {
    return createRequire(import.meta.url)('js-yaml') as typeof Library;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ResultError('RB_UNSUPPORTED', 'yaml needs js-yaml, which is not installed: npm install js-yaml', {
      cause,
    });
  }
}

/** Reads one document as PyYAML's safe_load does. */
export function yamlReader(limits: TreeLimits): (data: string | Uint8Array) => unknown {
  let js: typeof Library | undefined;
  let schema: Library.Schema | undefined;
  return (data) => {
    js ??= library();
    schema ??= schemaOf(js, limits.exactFloats);
    if (data.length > limits.maxBytes) {
      throw unreadable('yaml', beyond(`it has more than ${limits.maxBytes} bytes`, 'maxBytes', limits.maxBytes));
    }
    const text = typeof data === 'string' ? data : decodeUtf8(data);
    checkDensity(text, limits);
    try {
      // Of two equal keys the last one counts, as in PyYAML.
      const value = js.load(text, { schema, maxDepth: limits.maxDepth, json: true });
      // What has no alias is as large as its text.
      if (text.includes('*')) checkExpanded(value, limits);
      return value;
    } catch (error) {
      throw isResultError(error) ? error : refusal(error);
    }
  };
}

/** Without the library's message, which quotes the document. */
function refusal(error: unknown): ResultError {
  const { mark } = error as { readonly mark?: { readonly line?: number } };
  const where = mark?.line === undefined ? '' : ` in line ${mark.line + 1}`;
  return unreadable('yaml', `it is not what PyYAML's safe loader reads${where}`);
}

/** So that no more values are made than the limit says: each has one of these before it. */
function checkDensity(text: string, { maxItems }: TreeLimits): void {
  if (text.length <= maxItems) return;
  let count = 0;
  for (let i = 0; i < text.length; i += 1) if (STARTS[text.charCodeAt(i)]) count += 1;
  if (count > maxItems) throw unreadable('yaml', beyond('it may hold too many values', 'maxItems', maxItems));
}

const STARTS = Array.from({ length: 128 }, (_, code) => '\n,:[{-?'.includes(String.fromCharCode(code)));

/** Aliases: a page of them stands for more values than there is memory, once they are written or walked. */
function checkExpanded(value: unknown, { maxItems, maxDepth, maxBytes }: TreeLimits): void {
  const { items, depth, bytes } = sizeOf(value);
  const fail = (what: string, limit: keyof TreeLimits, max: number): never => {
    throw unreadable('yaml', beyond(`with its aliases ${what}`, limit, max));
  };
  if (items > maxItems) fail('it holds too many values', 'maxItems', maxItems);
  if (depth > maxDepth) fail('it is nested too deep', 'maxDepth', maxDepth);
  if (bytes > maxBytes) fail('it is too long', 'maxBytes', maxBytes);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch {
    throw unreadable('yaml', 'it is not UTF-8');
  }
}
