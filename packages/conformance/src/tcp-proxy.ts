import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Link } from './harness.js';
import { proxiedUrl, type Upstream, upstreamOf } from './proxied-url.js';
import { createPump, type Direction, type Wire } from './tcp-pump.js';

/** A wire that can be cut, stopped and slowed down: what a handle connects to instead of its server. */
export interface TcpProxy extends Link {
  /** As given, with the proxy's host and port. Where an address was given: `tcp://host:port`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Resets what is open and listens no longer. */
  close(): Promise<void>;
}

interface Joint {
  readonly client: Socket;
  readonly server: Socket;
  /** Lets what waits go on, where the conditions allow it. */
  resume(): void;
  reset(): void;
}

/**
 * Listens on a free local port and forwards every connection, byte for byte, so that TLS passes through.
 *
 * Faults add up until `heal`. While refused, connections are accepted and reset at once, as a load balancer without a
 * server does. A blackhole holds back what is sent, as a network that drops packets: after `heal` it arrives, late.
 * Of `cutAfter(n)` n bytes pass, and the byte after them resets every connection; `cutAfter(0)` of the replies means
 * that a request was answered and nobody hears of it.
 *
 * Errors: TypeError for a URL without a host, or whose port cannot be known.
 */
export async function tcpProxy(upstream: Upstream): Promise<TcpProxy> {
  const target = upstreamOf(upstream);
  const joints = new Set<Joint>();
  let attempts = 0;
  let refusing = false;
  let budget: { readonly direction: Direction; bytes: number } | undefined;

  const cutAll = (): void => {
    for (const joint of joints) joint.reset();
  };
  const wire: Wire & { held: boolean; latencyMs: number } = {
    held: false,
    latencyMs: 0,
    admit(direction, bytes) {
      if (budget?.direction !== direction) return bytes;
      const admitted = Math.min(bytes, budget.bytes);
      budget.bytes -= admitted;
      return admitted;
    },
    exhausted() {
      if (budget === undefined) return;
      budget = undefined;
      cutAll();
    },
  };

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    attempts += 1;
    client.on('error', ignore);
    if (refusing) resetSocket(client);
    else joints.add(join(client));
  });

  function join(client: Socket): Joint {
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const pumps = [createPump(wire, 'requests', client, server), createPump(wire, 'replies', server, client)];
    /** One side is gone, and the other has not been told: in a blackhole it is not, until `heal`. */
    let broken = false;
    const reset = (): void => {
      joints.delete(joint);
      for (const pump of pumps) pump.stop();
      resetSocket(client);
      resetSocket(server);
    };
    const resume = (): void => {
      if (broken && !wire.held) reset();
      for (const pump of pumps) pump.forward();
    };
    const joint: Joint = { client, server, resume, reset };
    for (const socket of [client, server]) {
      // `close` follows, and says whether there was one.
      socket.on('error', ignore);
      socket.on('close', (hadError) => {
        broken ||= hadError;
        if (client.destroyed && server.destroyed) joints.delete(joint);
        else resume();
      });
    }
    return joint;
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { address: host, port } = listener.address() as AddressInfo;

  return {
    url: proxiedUrl(upstream, host, port),
    host,
    port,
    async cut({ refuse = false } = {}) {
      refusing ||= refuse;
      cutAll();
    },
    async blackhole() {
      wire.held = true;
    },
    async cutAfter(bytes, direction = 'replies') {
      budget = { direction, bytes };
    },
    async latency(ms) {
      wire.latencyMs = ms;
    },
    async heal() {
      refusing = false;
      budget = undefined;
      wire.held = false;
      wire.latencyMs = 0;
      for (const joint of joints) joint.resume();
    },
    // In a blackhole a client that hung up is gone, although its server has not heard of it.
    connections: () =>
      [...joints].filter(({ client }) => !client.destroyed && !(wire.held && client.readableEnded)).length,
    attempts: () => attempts,
    async close() {
      refusing = true;
      cutAll();
      if (!listener.listening) return;
      listener.close();
      await once(listener, 'close');
    },
  };
}

const ignore = (): void => {};

/**
 * At once, whatever is still to be written: `resetAndDestroy` would send that first, by an end() that waits for the peer.
 * What has been half closed already is closed as usual: libuv refuses to reset it, and Node.js, which does not expect
 * that, would lose the handle and never exit.
 */
function resetSocket(socket: Socket): void {
  if (!socket.writableEnded && !socket.connecting) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
