import type { Machine } from './machine.js';
import { DictNode, GlobalNode, ObjectNode, TupleNode } from './nodes.js';
import { decodeText } from './text.js';

/** Classes, functions and calls of them. Here they become nodes that hold names; nothing is looked up, now or later. */

export function global(m: Machine): void {
  const module = nameOf(m);
  m.push(new GlobalNode(module, nameOf(m), m.input.offset));
}

function nameOf(m: Machine): string {
  const line = m.input.line();
  try {
    return decodeText(line);
  } catch {
    m.fail('a name is not UTF-8');
  }
}

export function stackGlobal(m: Machine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== 'string' || typeof module !== 'string') m.fail('a name is no text');
  m.push(new GlobalNode(module, name, m.input.offset));
}

export function reduce(m: Machine): void {
  const args = m.pop();
  pushObject(m, args, 'call', null);
}

export function newObject(m: Machine): void {
  const args = m.pop();
  pushObject(m, args, 'new', null);
}

export function newObjectEx(m: Machine): void {
  const kwargs = m.pop();
  const args = m.pop();
  if (!(kwargs instanceof DictNode)) m.fail('keyword arguments are no dict');
  pushObject(m, args, 'new', kwargs);
}

function pushObject(m: Machine, args: unknown, form: 'call' | 'new', kwargs: DictNode | null): void {
  const callee = m.pop();
  if (!(callee instanceof GlobalNode || callee instanceof ObjectNode)) m.fail('it calls what is no name');
  if (!(args instanceof TupleNode)) m.fail('arguments are no tuple');
  m.push(new ObjectNode(callee, args, form, kwargs, m.input.offset));
}

export function build(m: Machine): void {
  const state = m.pop();
  const object = m.top();
  if (!(object instanceof ObjectNode)) m.fail('it gives state to what is no object');
  if (object.state !== undefined) m.fail('it gives state to an object twice');
  object.state = state;
}
