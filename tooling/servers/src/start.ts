import { env } from 'node:process';
import { environmentProvider } from './environment.ts';
import type { Missing, Provider, Server, ServiceName, StartOptions } from './service.ts';

/** Loaded when asked for: testcontainers takes 0.2 s, and most runs need one of them. */
const PROVIDERS: Readonly<Record<Provider['name'], () => Promise<Provider>>> = {
  env: async () => environmentProvider,
  docker: async () => (await import('./docker/provider.ts')).dockerProvider,
  local: async () => (await import('./local/provider.ts')).localProvider,
};

const ORDER = ['env', 'docker', 'local'] as const;

/**
 * A server of the caller's own: named by the environment, else in Docker where an engine answers, else a process of this
 * machine. `RB_SERVERS=env|docker|local` allows but one of the three.
 *
 * Shape:  the server, or why none of them can give it.
 * Errors: Error where one can, and it does not start.
 */
export async function start(service: ServiceName, options: StartOptions = {}): Promise<Server | Missing> {
  const reasons: string[] = [];
  for (const name of allowed()) {
    const provider = await PROVIDERS[name]();
    const found = await provider.start(service, options);
    if (!('missing' in found)) return found;
    reasons.push(`${name}: ${found.missing}`);
  }
  return { missing: reasons.join('; ') };
}

function allowed(): readonly Provider['name'][] {
  const { RB_SERVERS: forced } = env;
  if (!forced) return ORDER;
  const [one] = ORDER.filter((name) => name === forced);
  if (one === undefined) throw new TypeError(`expected RB_SERVERS to be env, docker or local, got ${forced}`);
  return [one];
}
