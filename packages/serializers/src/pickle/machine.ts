import { Input } from './input.js';
import { type Limits, refuse, tooMany } from './limits.js';

/**
 * The state of a running pickle: input, stack, marks and memo. What the opcodes do with it is in operations.ts.
 *
 * Bounded: every opcode makes at most one value or mark, and these are counted, so memory is linear in `maxItems` and input.
 */
export class Machine {
  readonly input: Input;
  readonly limits: Limits;
  /** Objects that may be reachable by more than one way: the only ones that can be shared or on a cycle. */
  readonly shared: Set<object> = new Set();
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo: Map<number, unknown> = new Map();
  /** Height of the stack at the innermost mark: nothing below may be popped. */
  #floor = 0;
  #made = 0;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.input = new Input(bytes);
    this.limits = limits;
  }

  /** Errors are placed at the opcode's last byte that was read. */
  fail(reason: string): never {
    throw refuse(reason, this.input.offset);
  }

  push(value: unknown): void {
    this.#count();
    this.#stack.push(value);
  }

  #count(): void {
    this.#made++;
    if (this.#made > this.limits.maxItems) this.fail(tooMany('too many values', 'maxItems', this.limits.maxItems));
  }

  pop(): unknown {
    if (this.#stack.length <= this.#floor) this.fail('its stack is empty');
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length <= this.#floor) this.fail('its stack is empty');
    return this.#stack[this.#stack.length - 1];
  }

  /** What POP does: a mark counts as a value. */
  discard(): void {
    if (this.#marks.length > 0 && this.#stack.length === this.#floor) this.popMarked();
    else this.pop();
  }

  mark(): void {
    this.#count();
    this.#marks.push(this.#stack.length);
    this.#floor = this.#stack.length;
  }

  /** Everything above the innermost mark. */
  popMarked(): unknown[] {
    const start = this.#marks.pop();
    if (start === undefined) return this.fail('a mark is missing');
    this.#floor = this.#marks[this.#marks.length - 1] ?? 0;
    return this.#stack.splice(start);
  }

  /** A copy of the reference: from now on the object is shared. */
  share(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.shared.add(value);
    this.push(value);
  }

  memoize(index: number): void {
    if (index > this.limits.maxItems) this.fail(tooMany('a memo index is too high', 'maxItems', this.limits.maxItems));
    this.#memo.set(index, this.top());
  }

  get memoSize(): number {
    return this.#memo.size;
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    // Nothing that a pickle makes is undefined.
    if (value === undefined) this.fail('it refers to a value that it does not hold');
    this.share(value);
  }
}
