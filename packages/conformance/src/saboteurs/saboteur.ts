import type { ResultBackend, ResultStore } from '@rb/core';
import type { Dual } from '../dual.js';
import type { Handle, Harness, OpenVariant, World } from '../harness.js';

/** What a saboteur has at hand beside the store that it spoils. */
export interface Scene {
  /** The honest world. */
  readonly world: World;
  readonly handle: Handle;
  readonly variant: OpenVariant;
  /** One per world, for bugs that need a memory across handles. */
  readonly memory: Map<string, unknown>;
}

/** A store with one plausible bug: what the kit must be able to tell from an honest one. */
export interface Saboteur {
  /** Kebab-case, says the bug. */
  readonly name: string;
  /** The clause that must fail. */
  readonly violates: string;
  /** The reference harness that it spoils: the smallest one on which its bug shows. */
  readonly on: string;
  /** Where this bug was really seen. */
  readonly seen?: string | undefined;
  /** The smallest plausible bug, usually `{ ...store, put: ... }`. */
  sabotage?(store: ResultStore, scene: Scene): ResultStore;
  /** For bugs of the layer above. */
  sabotageBackend?(backend: ResultBackend): ResultBackend;
  /** For bugs of pairs, and of what moves records between them. */
  sabotageDual?(dual: Dual): Dual;
  /** For bugs of the harness itself, which the clauses HAR must find. */
  sabotageWorld?(world: World): World;
  /**
   * What a user would see, in a few lines and without the kit: on an honest world it gives another value than on the
   * sabotaged one. Where it does not, the bug is none, and its survival says nothing about the kit.
   */
  exposes(world: World, harness: Harness): Promise<unknown>;
}
