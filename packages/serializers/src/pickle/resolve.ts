import { Opaque, PythonSet, Tuple } from '@rb/core';
import { known } from './globals.js';
import { type Limits, refuse, tooMany } from './limits.js';
import { DictNode, GlobalNode, ObjectNode, SetNode, TupleNode } from './nodes.js';
import { printable, targetOf } from './target.js';

/** What a shared object came to, and what it counts for wherever else it stands. */
interface Resolved {
  readonly value: unknown;
  readonly items: number;
  readonly bytes: number;
  readonly height: number;
}

/**
 * Turns nodes into values, after the last opcode.
 *
 * A value that is shared stays shared, yet counts in full at every place, so that what passes the limits can also be
 * walked, printed and written again within them. What refers to itself is refused. What no value needs (the backend in
 * a GroupResult, with its URL) is never resolved.
 */
export class Resolver {
  readonly #limits: Limits;
  readonly #shared: ReadonlySet<object>;
  /** null while an object is being resolved: to meet it again then is to meet it inside itself. */
  readonly #resolved: Map<object, Resolved | null> = new Map();
  #items = 0;
  #bytes = 0;
  #depth = 0;
  #deepest = 0;

  constructor(limits: Limits, shared: ReadonlySet<object>) {
    this.#limits = limits;
    this.#shared = shared;
  }

  value(node: unknown): unknown {
    this.#count(1);
    if (typeof node === 'string') this.#weigh(node.length);
    // Their length in bytes is not to be had for less; where they are long, maxBytes is soon reached.
    else if (typeof node === 'bigint') this.#weigh(node.toString(16).length / 2);
    else if (typeof node === 'object' && node !== null) {
      return this.#shared.has(node) ? this.#sharedValue(node) : this.#nested(node);
    }
    return node;
  }

  /** A plain object where all keys are text, else a Map. */
  dict(entries: readonly unknown[]): unknown {
    for (let i = 0; i < entries.length; i += 2) if (typeof entries[i] !== 'string') return this.#map(entries);
    const object: Record<string, unknown> = {};
    for (let i = 0; i < entries.length; i += 2) {
      const key = entries[i] as string;
      this.#count(1);
      this.#weigh(key.length);
      const value = this.value(entries[i + 1]);
      if (key === '__proto__') Object.defineProperty(object, key, { ...OWN, value });
      else object[key] = value;
    }
    return object;
  }

  values(nodes: readonly unknown[]): unknown[] {
    return nodes.map((node) => this.value(node));
  }

  #map(entries: readonly unknown[]): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < entries.length; i += 2) map.set(this.value(entries[i]), this.value(entries[i + 1]));
    return map;
  }

  #nested(node: object): unknown {
    this.#depth++;
    this.#reach(this.#depth);
    const value = this.#make(node);
    this.#depth--;
    return value;
  }

  #make(node: object): unknown {
    if (Array.isArray(node)) {
      for (let i = 0; i < node.length; i++) node[i] = this.value(node[i]);
      return node;
    }
    if (node instanceof DictNode) return this.dict(node.entries);
    if (node instanceof TupleNode) return new Tuple(this.values(node.items));
    if (node instanceof SetNode) return new PythonSet(this.values(node.items), node.frozen);
    if (node instanceof ObjectNode) return this.#object(node);
    if (node instanceof GlobalNode) return this.#name(node);
    if (node instanceof Uint8Array) this.#weigh(node.length);
    return node;
  }

  #sharedValue(node: object): unknown {
    const before = this.#resolved.get(node);
    if (before === null) throw refuse('a value contains itself');
    if (before !== undefined) {
      this.#count(before.items);
      this.#weigh(before.bytes);
      this.#reach(this.#depth + before.height);
      return before.value;
    }
    this.#resolved.set(node, null);
    const [items, bytes, deepest] = [this.#items, this.#bytes, this.#deepest];
    this.#deepest = this.#depth;
    const value = this.#nested(node);
    const height = this.#deepest - this.#depth;
    this.#deepest = Math.max(deepest, this.#deepest);
    this.#resolved.set(node, { value, items: this.#items - items, bytes: this.#bytes - bytes, height });
    return value;
  }

  #object(node: ObjectNode): unknown {
    const target = targetOf(node);
    if (target !== undefined) {
      const make = known(target);
      let value: unknown;
      try {
        value = make?.(target, this);
      } catch (error) {
        // What core's value classes refuse. Their messages quote the value, so they go no further.
        if (!(error instanceof TypeError)) throw error;
        throw refuse(`${printable(target.callee)} has arguments that Python does not write`, node.offset);
      }
      if (value !== undefined) return value;
    }
    this.#allowUnknown(target?.callee, node.offset);
    if (target !== undefined && SECRETIVE.test(target.callee.module)) {
      return new Opaque(target.callee.module, target.callee.name, []);
    }
    return this.#opaque(node, target);
  }

  #opaque(node: ObjectNode, target: ReturnType<typeof targetOf>): Opaque {
    const args = this.values(target?.args ?? [node.callee, ...node.args.items]);
    const { module, name } = target?.callee ?? CALL;
    const state = node.state === undefined ? undefined : this.value(node.state);
    const entries: [unknown, unknown][] = [];
    for (let i = 0; i < node.entries.length; i += 2) {
      entries.push([this.value(node.entries[i]), this.value(node.entries[i + 1])]);
    }
    return new Opaque(module, name, args, state, {
      form: target?.form ?? 'call',
      kwargs: node.kwargs === null ? null : this.value(node.kwargs),
      items: this.values(node.items),
      entries,
    });
  }

  #name(node: GlobalNode): Opaque {
    this.#allowUnknown(node, node.offset);
    return new Opaque(node.module, node.name, [], undefined, { form: 'name' });
  }

  #allowUnknown(node: GlobalNode | undefined, offset: number): void {
    if (this.#limits.unknown === 'opaque') return;
    const what = node === undefined ? 'the result of a call' : printable(node);
    throw refuse(`${what} is no known type in a known form (unknown is 'refuse')`, offset);
  }

  #count(items: number): void {
    this.#items += items;
    const { maxItems } = this.#limits;
    if (this.#items > maxItems)
      throw refuse(tooMany('too many values, shared ones counted in full', 'maxItems', maxItems));
  }

  #weigh(bytes: number): void {
    this.#bytes += bytes;
    const { maxBytes } = this.#limits;
    if (this.#bytes > maxBytes)
      throw refuse(tooMany('too much text, shared text counted in full', 'maxBytes', maxBytes));
  }

  #reach(depth: number): void {
    if (depth > this.#deepest) this.#deepest = depth;
    const { maxDepth } = this.#limits;
    if (depth > maxDepth) throw refuse(tooMany('it is nested too deep', 'maxDepth', maxDepth));
  }
}

/** As an assignment would, had `__proto__` no setter. */
const OWN = { writable: true, enumerable: true, configurable: true };

/** Stands for the call of something that is itself the result of a call. Source: Python's operator.call. */
const CALL = { module: 'operator', name: 'call' };

/** Objects of these modules are made from URLs and settings, passwords included. Nothing of them is kept. */
const SECRETIVE = /^(?:celery\.(?:app|backends)|kombu\.(?:connection|transport))(?:\.|$)/;
