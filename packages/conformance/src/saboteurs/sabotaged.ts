import { createResultBackend } from '@rb/core';
import { built } from '../built.js';
import { openPair } from '../dual-harness.js';
import type { Harness, World } from '../harness.js';
import type { Saboteur } from './saboteur.js';

/** The same harness with one bug in its store, its backend or itself. */
export function sabotaged(harness: Harness, saboteur: Saboteur): Harness {
  const { sabotage, sabotageBackend, sabotageDual, sabotageWorld } = saboteur;
  const dual = sabotageDual && harness.dual ? sabotageDual(harness.dual) : harness.dual;
  const make = harness.backend ?? createResultBackend;
  return {
    ...harness,
    name: `${harness.name}, ${saboteur.name}`,
    dual,
    module: harness.module && moduleOf(harness.module, saboteur),
    backend: (store, options) => (sabotageBackend ?? ((backend) => backend))(make(store, options)),
    async world(token) {
      const honest = await harness.world(token);
      const memory = new Map<string, unknown>();
      const world: World = {
        ...honest,
        async open(variant = 'default') {
          const { sides } = honest;
          const handle = await (sabotageDual && dual && sides
            ? openPair(dual, sides, { variant })
            : honest.open(variant));
          if (handle === null || sabotage === undefined) return handle;
          return { ...handle, store: sabotage(handle.store, { world: honest, handle, variant, memory }) };
        },
      };
      return sabotageWorld ? sabotageWorld(world) : world;
    },
  };
}

/** A second process joins with the same bug. */
const moduleOf = (module: string | URL, { name }: Saboteur): string =>
  `${built('sabotaged-harness.js')}?${new URLSearchParams({ module: String(module), saboteur: name })}`;
