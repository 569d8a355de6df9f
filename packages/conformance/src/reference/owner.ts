import { built } from '../built.js';
import type { Handle, Harness, OpenVariant, World } from '../harness.js';
import { tcpProxy } from '../tcp-proxy.js';
import { ownerBroker } from './owner-broker.js';
import { ownerStore } from './owner-store.js';
import type { WireAddress } from './wire-connection.js';

const PASSWORD = 'rb-owner-password';
/** Nothing listens on the port of TCPMUX, whose server nobody runs any more. */
const NOWHERE = 1;

/** What each variant connects with instead. */
const VARIANTS: Readonly<Partial<Record<OpenVariant, Partial<WireAddress>>>> = {
  default: {},
  'bad-credentials': { password: 'not-the-password' },
  unreachable: { port: NOWHERE },
  'no-schema': { place: 'never-made' },
  'other-namespace': { place: 'other' },
};

/** Results as messages to their owner, over real connections: what a store without `readers: 'any'` can keep of the contract. */
export const harness: Harness = {
  name: 'owner',
  module: built('owner.js'),
  quietMs: 50,
  world: async (token) => (token === undefined ? newWorld() : joinedWorld(JSON.parse(token))),
};

async function newWorld(): Promise<World> {
  const broker = await ownerBroker({ password: PASSWORD, places: ['default', 'other'] });
  const address: WireAddress = { host: '127.0.0.1', port: broker.port, password: PASSWORD, place: 'default' };
  return {
    ...joinedWorld(address),
    token: JSON.stringify(address),
    async revoke() {
      broker.setPassword('changed');
    },
    dispose: broker.close,
  };
}

const joinedWorld = (address: WireAddress): World => ({
  clock: { kind: 'real' },
  open: (variant) => openHandle(address, variant),
  async dispose() {},
});

async function openHandle(broker: WireAddress, variant: OpenVariant = 'default'): Promise<Handle | null> {
  const changed = VARIANTS[variant];
  if (changed === undefined) return null;
  const link = await tcpProxy(broker);
  const address = { ...broker, host: link.host, port: link.port, ...changed };
  return { store: ownerStore(address), link, secret: address.password, dispose: link.close };
}
