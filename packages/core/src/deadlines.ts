/** setTimeout counts in 32 bits and fires at once beyond; longer waits are cut into steps of this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Expirable {
  timeout(): void;
}

export interface Deadline {
  readonly at: number;
  readonly target: Expirable;
  /** Where it lies in the heap; -1 once it is out. */
  index: number;
}

/** Any number of deadlines on one timer: a binary heap, so that adding and removing stay cheap with 100,000 of them. */
export class Deadlines {
  readonly #heap: Deadline[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param ms From now; the target's `timeout` is called once, not earlier. */
  add(ms: number, target: Expirable): Deadline {
    const deadline: Deadline = { at: performance.now() + ms, target, index: this.#heap.length };
    this.#heap.push(deadline);
    this.#up(deadline);
    this.#arm();
    return deadline;
  }

  remove(deadline: Deadline): void {
    this.#take(deadline);
    this.#arm();
  }

  #take(deadline: Deadline): void {
    const { index } = deadline;
    if (index < 0) return;
    const last = this.#heap.pop() as Deadline;
    deadline.index = -1;
    if (last !== deadline) {
      this.#place(last, index);
      this.#up(last);
      this.#down(last);
    }
  }

  #arm(): void {
    const next = this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
    if (next === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    if (next === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(Math.max(0, Math.ceil(next - performance.now())), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#take(first);
      first.target.timeout();
    }
    this.#arm();
  }

  #place(deadline: Deadline, index: number): void {
    this.#heap[index] = deadline;
    deadline.index = index;
  }

  #up(deadline: Deadline): void {
    for (let i = deadline.index; i > 0; ) {
      const up = (i - 1) >> 1;
      const parent = this.#heap[up] as Deadline;
      if (parent.at <= deadline.at) return;
      this.#place(parent, i);
      this.#place(deadline, up);
      i = up;
    }
  }

  #down(deadline: Deadline): void {
    for (let i = deadline.index; ; ) {
      const left = 2 * i + 1;
      const [a, b] = [this.#heap[left], this.#heap[left + 1]];
      if (a === undefined) return;
      const child = b !== undefined && b.at < a.at ? b : a;
      if (child.at >= deadline.at) return;
      const down = child.index;
      this.#place(child, i);
      this.#place(deadline, down);
      i = down;
    }
  }
}
