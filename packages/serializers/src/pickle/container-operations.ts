import type { Machine } from './machine.js';
import { DictNode, ObjectNode, SetNode, TupleNode } from './nodes.js';

/** Not `push(...items)`, which overflows the call stack at some 100,000 of them. */
function extend(target: unknown[], items: readonly unknown[]): void {
  for (const item of items) target.push(item);
}

export function tuple(m: Machine, length: number): void {
  const items = new Array<unknown>(length);
  for (let i = length - 1; i >= 0; i--) items[i] = m.pop();
  m.push(new TupleNode(items));
}

/** An object takes them too: it may be of a subclass of list. */
export function append(m: Machine, items: readonly unknown[]): void {
  const list = m.top();
  if (Array.isArray(list)) extend(list, items);
  else if (list instanceof ObjectNode) extend(list.items, items);
  else m.fail('it appends to what is no list');
}

export function setItems(m: Machine, entries: readonly unknown[]): void {
  const dict = m.top();
  if (entries.length % 2 !== 0) m.fail('a dict has a key without a value');
  if (dict instanceof DictNode || dict instanceof ObjectNode) extend(dict.entries, entries);
  else m.fail('it sets items of what is no dict');
}

export function addItems(m: Machine): void {
  const items = m.popMarked();
  const set = m.top();
  if (set instanceof SetNode && !set.frozen) extend(set.items, items);
  else m.fail('it adds members to what is no set');
}
