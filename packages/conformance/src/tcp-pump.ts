import type { Socket } from 'node:net';

export type Direction = 'requests' | 'replies';

/** The conditions on a link, which all of its connections share. */
export interface Wire {
  /** Nothing is forwarded. */
  readonly held: boolean;
  readonly latencyMs: number;
  /** How many of so many bytes may pass. */
  admit(direction: Direction, bytes: number): number;
  /** The last byte admitted has left. */
  exhausted(): void;
}

/** One direction of one connection. */
export interface Pump {
  /** Sends on what is due. */
  forward(): void;
  stop(): void;
}

/** What is held back of one direction, before its sender has to wait: some large record whole. */
const MAX_WAITING_BYTES = 2 ** 20;

/** Keeps the order of bytes under every condition, and the end of a stream behind its last byte. */
export function createPump(wire: Wire, direction: Direction, from: Socket, to: Socket): Pump {
  /** Without a chunk: the end. */
  const waiting: { readonly chunk: Buffer | undefined; readonly dueAt: number }[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let full = false;
  let stopped = false;

  const enqueue = (chunk?: Buffer): void => {
    waiting.push({ chunk, dueAt: performance.now() + wire.latencyMs });
    waitingBytes += chunk?.length ?? 0;
    if (waitingBytes > MAX_WAITING_BYTES) from.pause();
    forward();
  };

  function forward(): void {
    clearTimeout(timer);
    for (let next = waiting[0]; next && !stopped && !full && !wire.held; next = waiting[0]) {
      // Without latency nothing waits any more, whatever it was to wait for.
      const waitMs = wire.latencyMs === 0 ? 0 : next.dueAt - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(forward, Math.ceil(waitMs));
        return;
      }
      waiting.shift();
      send(next.chunk);
    }
    if (waitingBytes <= MAX_WAITING_BYTES) from.resume();
  }

  function send(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      to.end();
      return;
    }
    waitingBytes -= chunk.length;
    const admitted = wire.admit(direction, chunk.length);
    if (admitted < chunk.length) {
      // The reset comes when these bytes have left, or it would take them along.
      stopped = true;
      to.write(chunk.subarray(0, admitted), () => wire.exhausted());
      return;
    }
    full = !to.write(chunk);
  }

  from.on('data', enqueue);
  from.on('end', () => enqueue());
  to.on('drain', () => {
    full = false;
    forward();
  });

  return {
    forward,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
