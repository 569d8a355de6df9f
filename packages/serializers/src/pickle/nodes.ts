/**
 * What the stack machine makes while a pickle runs. Lists are arrays and leaves are themselves; what JavaScript cannot
 * finish before its last opcode (a dict whose key is still being built, an object before its state) is a node,
 * which resolve.ts turns into the value.
 */

export class DictNode {
  /** Key, value, key, value ... */
  readonly entries: unknown[] = [];
}

/** The node of a text key; undefined where there is none, or where it is no dict at all. */
export function itemOf(dict: unknown, key: string): unknown {
  if (!(dict instanceof DictNode)) return undefined;
  for (let i = 0; i < dict.entries.length; i += 2) if (dict.entries[i] === key) return dict.entries[i + 1];
  return undefined;
}

export class TupleNode {
  readonly items: unknown[];

  constructor(items: unknown[]) {
    this.items = items;
  }
}

export class SetNode {
  readonly items: unknown[];
  readonly frozen: boolean;

  constructor(items: unknown[], frozen: boolean) {
    this.items = items;
    this.frozen = frozen;
  }
}

/** Names that Python 2 and protocols below 3 use. Source: CPython Lib/_compat_pickle.py. */
const MODERN = new Map([
  ['__builtin__', 'builtins'],
  ['exceptions', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

/** The name of a class or function; only ever a name. */
export class GlobalNode {
  readonly module: string;
  readonly name: string;
  /** Where in the pickle, for error messages. */
  readonly offset: number;

  constructor(module: string, name: string, offset: number) {
    this.module = MODERN.get(module) ?? module;
    this.name = name;
    this.offset = offset;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** What Python would get by calling something. It is not called. */
export class ObjectNode {
  readonly callee: GlobalNode | ObjectNode;
  readonly args: TupleNode;
  readonly form: 'call' | 'new';
  readonly kwargs: DictNode | null;
  readonly offset: number;
  /** undefined before BUILD. */
  state: unknown = undefined;
  readonly items: unknown[] = [];
  /** Key, value, key, value ... */
  readonly entries: unknown[] = [];

  constructor(
    callee: GlobalNode | ObjectNode,
    args: TupleNode,
    form: 'call' | 'new',
    kwargs: DictNode | null,
    offset: number,
  ) {
    this.callee = callee;
    this.args = args;
    this.form = form;
    this.kwargs = kwargs;
    this.offset = offset;
  }
}
