import type { GetOutcome, WatchHandler } from '@rb/core';

export interface Watcher {
  readonly handler: WatchHandler;
  readonly taskIds: Set<string>;
}

/** Who watches what. */
export class Watchers {
  readonly #byId = new Map<string, Set<Watcher>>();
  readonly #onBackgroundError: (error: unknown) => void;

  /** @param onBackgroundError Gets what handlers throw. */
  constructor(onBackgroundError: (error: unknown) => void) {
    this.#onBackgroundError = onBackgroundError;
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  ids(): Iterable<string> {
    return this.#byId.keys();
  }

  all(): ReadonlySet<Watcher> {
    return new Set([...this.#byId.values()].flatMap((set) => [...set]));
  }

  add(watcher: Watcher, id: string): void {
    watcher.taskIds.add(id);
    const others = this.#byId.get(id);
    if (others === undefined) this.#byId.set(id, new Set([watcher]));
    else others.add(watcher);
  }

  /** Whether nobody watches the id any more. */
  remove(watcher: Watcher, id: string): boolean {
    watcher.taskIds.delete(id);
    const others = this.#byId.get(id);
    others?.delete(watcher);
    if (others?.size !== 0) return false;
    return this.#byId.delete(id);
  }

  tell(outcome: NonNullable<GetOutcome>): void {
    for (const watcher of [...(this.#byId.get(outcome.taskId) ?? [])]) {
      // One handler may have removed another meanwhile.
      if (watcher.taskIds.has(outcome.taskId)) this.#guarded(() => watcher.handler.record(outcome));
    }
  }

  tellGap(): void {
    for (const { handler } of this.all()) this.#guarded(() => handler.gap());
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onBackgroundError(error);
    }
  }
}
