import { setTimeout } from 'node:timers/promises';
import type { ServerNode } from '../service.ts';
import type { Engine } from './engine.ts';

export type Container = ReturnType<Engine['container']['getById']>;

/** Servers that were killed recover their data first. */
const READY_WITHIN_MS = 60_000;
/** `docker stop` kills a server that has not ended by itself after this time. */
const STOP_WITHIN_SECONDS = 10;

/**
 * The program in a container, run, stopped and hung by the engine.
 *
 * The container keeps its published port and its volumes until it is removed.
 */
export function containerNode(role: string, url: string, container: Container, ask: Ask): ServerNode {
  /** The engine refuses to end what is paused. */
  const state = async () => {
    const { State } = await container.inspect();
    if (State.Paused) await container.unpause();
    return State;
  };
  return {
    role,
    url,
    async stop() {
      if ((await state()).Running) await container.stop({ t: STOP_WITHIN_SECONDS });
    },
    async kill() {
      if (!(await state()).Running) return;
      const ended = container.wait({ condition: 'not-running' });
      await container.kill({ signal: 'SIGKILL' });
      await ended;
    },
    async pause() {
      await container.pause();
    },
    async resume() {
      await container.unpause();
    },
    async restart() {
      await state();
      await container.restart({ t: STOP_WITHIN_SECONDS });
      await answer(ask);
    },
  };
}

/** Asks the server, from inside its container, what version it is: the line it prints, or an error while it is not ready. */
export type Ask = () => Promise<string>;

/** What the server says as soon as it is ready. */
export async function answer(ask: Ask): Promise<string> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`the server does not answer within ${READY_WITHIN_MS} ms`, { cause });
      await setTimeout(50); // an exec in a container takes about as long
    }
  }
}

/** An `Ask` that runs a program in the container and takes what `pattern` matches, its first group, in the output. */
export function askBy(engine: Engine, container: Container, command: readonly string[], pattern: RegExp): Ask {
  return async () => {
    const { exitCode, output } = await engine.container.exec(container, [...command]);
    const found = exitCode === 0 ? pattern.exec(output)?.[1] : undefined;
    if (found === undefined) throw new Error(`${command[0]} exits with ${exitCode}: ${output.trim()}`);
    return found;
  };
}
