import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ResultError } from '@rb/core';
import { onMessages, send } from './wire-lines.js';
import { type Answer, plain } from './wire-records.js';
import type { Request } from './wire-server.js';

/** One result on its way to its owner. */
export interface Reply {
  readonly queue: string;
  readonly answer: Answer;
}

/** Reply queues and nothing else, as a message broker has them: a queue goes with the connection that consumes it. */
export interface OwnerBroker {
  readonly port: number;
  setPassword(password: string): void;
  close(): Promise<void>;
}

/** @param places Each with queues of its own, as virtual hosts are. */
export async function ownerBroker(options: {
  readonly password: string;
  readonly places: readonly string[];
}): Promise<OwnerBroker> {
  const places = new Map(options.places.map((name) => [name, new Map<string, Socket>()]));
  const sockets = new Set<Socket>();
  let { password } = options;

  function serve(socket: Socket): void {
    sockets.add(socket);
    let queues: Map<string, Socket> | undefined;
    const own = new Set<string>();
    const hello = (args: { readonly password: string; readonly place: string }): void => {
      if (args.password !== password) throw new ResultError('RB_DENIED', 'the password was refused: check the URL');
      queues = places.get(args.place);
      if (!queues) throw new ResultError('RB_SCHEMA', `there is no place ${args.place}: run the broker with it`);
    };
    const perform = ({ operation, args }: Request): void => {
      if (operation === 'ping') return;
      if (operation === 'hello') hello(args as Parameters<typeof hello>[0]);
      if (!queues) throw new ResultError('RB_DENIED', 'the first request of a connection must be hello');
      if (operation === 'consume') {
        own.add(args as string);
        queues.set(args as string, socket);
      }
      if (operation === 'publish') for (const reply of args as readonly Reply[]) deliver(queues, reply);
    };
    onMessages<Request>(socket, (request) => {
      const { id } = request;
      try {
        perform(request);
        send(socket, { id });
      } catch (error) {
        send(socket, { id, error: plain(error) });
      }
    });
    // A lost connection is a client's everyday business.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      for (const queue of own) if (queues?.get(queue) === socket) queues.delete(queue);
    });
  }

  const listener = createServer({ noDelay: true }, serve);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    setPassword(changed) {
      password = changed;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (listener.listening) await once(listener.close(), 'close');
    },
  };
}

/** Confirmed first and delivered two turns later, in order: a producer's promise says nothing of the owner. To a queue that is gone: nowhere. */
function deliver(queues: ReadonlyMap<string, Socket>, { queue, answer }: Reply): void {
  setImmediate(() =>
    setImmediate(() => {
      const socket = queues.get(queue);
      if (socket) send(socket, { told: answer });
    }),
  );
}
