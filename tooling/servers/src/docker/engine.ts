import { once } from 'node:events';
import { connect } from 'node:net';
import { env } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import type { ContainerRuntimeClient } from 'testcontainers';
import type { Missing } from '../service.ts';

/** A Docker engine that answered. */
export type Engine = ContainerRuntimeClient;

/** Where nobody listens, that is known at once; only a host that is not there, or a firewall, keeps silent. */
const CONNECT_WITHIN_MS = 2_000;
/** An engine answers in milliseconds, on a busy machine in a second or two. */
const ANSWER_WITHIN_MS = 5_000;

let asked: Promise<Engine | Missing> | undefined;

/** The Docker engine that testcontainers finds, or why there is none. Asked once per process, as testcontainers itself does. */
export function engine(): Promise<Engine | Missing> {
  asked ??= ask();
  return asked;
}

async function ask(): Promise<Engine | Missing> {
  const { DOCKER_HOST } = env;
  try {
    // Testcontainers would pass over one that does not answer and take the machine's own, which nobody asked for.
    if (DOCKER_HOST) await reach(new URL(DOCKER_HOST));
    // Loading it takes 0.2 s, which runs that never ask need not pay.
    const { getContainerRuntimeClient } = await import('testcontainers');
    const late = setTimeout(ANSWER_WITHIN_MS, undefined, { ref: false }).then(() => {
      throw new Error(`it does not answer within ${ANSWER_WITHIN_MS} ms`);
    });
    return await Promise.race([getContainerRuntimeClient(), late]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const where = DOCKER_HOST ? `at DOCKER_HOST=${DOCKER_HOST}` : 'on this machine';
    return { missing: `no Docker engine answers ${where} (${reason}): start one, or set DOCKER_HOST` };
  }
}

/** Errors: what the operating system says where nobody listens. */
export async function reach({ hostname, port, pathname }: URL): Promise<void> {
  const socket = hostname === '' ? connect(pathname) : connect(Number(port), hostname);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_WITHIN_MS) });
  } finally {
    socket.destroy();
  }
}
