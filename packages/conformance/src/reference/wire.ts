import { memoryStore, type ResultStore } from '@rb/core';
import { built } from '../built.js';
import type { Handle, Harness, OpenVariant, World } from '../harness.js';
import { tcpProxy } from '../tcp-proxy.js';
import { rawMemory } from './raw-memory.js';
import { virtualClock } from './virtual-clock.js';
import { wireClient } from './wire-client.js';
import type { WireAddress } from './wire-connection.js';
import { wireServer } from './wire-server.js';
import { MAX_BYTES, wireStore } from './wire-store.js';

const PASSWORD = 'rb-wire-password';
/** Nothing listens on the port of TCPMUX, whose server nobody runs any more. */
const NOWHERE = 1;

/** What each variant connects with instead. The server alone has a clock that matters, so `clock-ahead` changes nothing. */
const VARIANTS: Readonly<Partial<Record<OpenVariant, Partial<WireAddress>>>> = {
  default: {},
  'clock-ahead': {},
  'bad-credentials': { password: 'not-the-password' },
  unreachable: { port: NOWHERE },
  'no-schema': { place: 'never-made' },
  'other-namespace': { place: 'other' },
};

/** The memory store behind a real TCP server: every capability, every fault, every variant. */
export const harness: Harness = {
  name: 'wire',
  module: built('wire.js'),
  quietMs: 50,
  // Pauses between attempts to connect are below half a second.
  recoveryMs: 3_000,
  world: async (token) => (token === undefined ? newWorld() : joinedWorld(JSON.parse(token))),
};

async function newWorld(): Promise<World> {
  const clock = virtualClock();
  const { now, raw } = rawMemory(clock);
  const make = (): ResultStore => memoryStore({ now, maxBytes: MAX_BYTES });
  const places = { default: make(), other: make() };
  const server = await wireServer({ password: PASSWORD, places });
  const address: WireAddress = { host: '127.0.0.1', port: server.port, password: PASSWORD, place: 'default' };
  return {
    clock,
    raw: raw(places.default),
    token: JSON.stringify(address),
    open: (variant) => openHandle(address, variant),
    restart: server.restart,
    async revoke() {
      server.setPassword('changed');
    },
    async dropSchema() {
      server.drop(address.place);
    },
    dispose: server.close,
  };
}

/** As another process sees it: without the clock, and nothing to take down. */
const joinedWorld = (address: WireAddress): World => ({
  clock: { kind: 'real' },
  open: (variant) => openHandle(address, variant),
  async dispose() {},
});

async function openHandle(server: WireAddress, variant: OpenVariant = 'default'): Promise<Handle | null> {
  const link = await tcpProxy(server);
  const address = { ...server, host: link.host, port: link.port, ...VARIANTS[variant] };
  const handle = { link, secret: address.password };
  if (variant !== 'borrowed-client') return { ...handle, store: wireStore({ address }), dispose: link.close };
  const client = wireClient(address);
  return {
    ...handle,
    store: wireStore({ client }),
    clientWorks: () =>
      client.request('ping', undefined, { doing: 'a ping' }).then(
        () => true,
        () => false,
      ),
    async dispose() {
      await client.close();
      await link.close();
    },
  };
}
