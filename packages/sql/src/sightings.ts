import { isBefore, later, type Moment } from './moment.js';
import type { Found, Latest, Written } from './watch-source.js';

/** The version of an id that has no row. */
const NOTHING = '';

/** Who is overtaken more often asks another server, which numbers its transactions differently. */
const MAX_OVERTAKEN = 20;

/** What watchers of an id were told, or found when they began. */
interface Seen {
  readonly version: string;
  /** Of the last read. */
  readonly asOf?: Moment | undefined;
  /** The last one that was told by its notification, where no read has seen it yet. */
  readonly transaction?: number | undefined;
  /** How many answers in a row came later than those to later questions. */
  readonly overtaken?: number | undefined;
}

/** What is known of the ids that are watched, so that each change is told, and nothing older after something newer. */
export class Sightings {
  readonly #seen = new Map<string, Seen>();

  /** False while an id is being added: what is there then is no news. */
  has(id: string): boolean {
    return this.#seen.has(id);
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }

  /** What is known is this from now on, without a word to anybody. */
  note(id: string, { byId, asOf }: Found<string>): void {
    this.#seen.set(id, { version: byId.get(id) ?? NOTHING, asOf });
  }

  /** Whether versions that were asked for show a write. */
  isNews(id: string, { byId, asOf }: Found<string>): boolean {
    const last = this.#seen.get(id);
    if (last === undefined) return false;
    // After the connection was another one nothing is known of when an id was read.
    if (asOf !== undefined && last.asOf === undefined) this.#seen.set(id, { ...last, asOf });
    return last.version !== (byId.get(id) ?? NOTHING);
  }

  /** Whether what was read is to be told; `overtaken` where somebody has read what is newer, and nobody was told of it yet. */
  found(id: string, { byId, asOf }: Found<Latest>): 'news' | 'known' | 'overtaken' {
    const last = this.#seen.get(id);
    if (last === undefined) return 'known';
    // What was told meanwhile is newer.
    if (last.transaction !== undefined && asOf && isBefore(asOf, last.transaction)) return 'known';
    const { overtaken = 0 } = last;
    if (later(last.asOf, asOf) !== asOf && overtaken < MAX_OVERTAKEN) {
      this.#seen.set(id, { ...last, overtaken: overtaken + 1 });
      return 'overtaken';
    }
    const { version = NOTHING } = byId.get(id) ?? {};
    this.#seen.set(id, { version, asOf });
    return last.version === version ? 'known' : 'news';
  }

  /** Whether a write that a notification tells of is certainly newer than all that was read. */
  isNewer({ taskId, transaction }: Written): boolean {
    const asOf = this.#seen.get(taskId)?.asOf;
    return asOf !== undefined && isBefore(asOf, transaction);
  }

  /** Such a write was told. */
  told({ taskId, transaction }: Written, { version }: Latest): void {
    const last = this.#seen.get(taskId);
    if (last) this.#seen.set(taskId, { version, asOf: last.asOf, transaction });
  }

  /** Somebody has read this: what is told afterwards is no older. */
  read({ byId, asOf }: Found<unknown>): void {
    for (const id of byId.keys()) {
      const last = this.#seen.get(id);
      if (last) this.#seen.set(id, { ...last, asOf: later(last.asOf, asOf) });
    }
  }

  /** Another server may answer now, which numbers its transactions differently. */
  reconnected(): void {
    for (const [id, { version }] of this.#seen) this.#seen.set(id, { version });
  }
}
