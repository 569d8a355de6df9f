import type { Client } from './connection.js';
import type { Credentials, UserAndPassword } from './options.js';

/** Keeps what a client logs in with fresh. */
export interface Access {
  /** Before a client connects. Errors: those of the callback. */
  renew(): Promise<void>;
  /** Settled unless fresh ones are being asked for: a call waits for it, as it may be what connects to a node. */
  readonly renewed: Promise<unknown>;
}

/**
 * A Cluster's client connects to single nodes at any time, and it copied the options that it was made with: so each node is
 * given the newest credentials when it is made, which is before it connects, and newer ones are asked for when one was lost.
 */
export function accessOf(client: Client, credentials: Credentials): Access {
  if (!('nodes' in client)) {
    return {
      renewed: Promise.resolve(),
      async renew() {
        Object.assign(client.options, await credentials());
      },
    };
  }
  let newest: UserAndPassword = {};
  let renewed: Promise<unknown> = Promise.resolve();
  const renew = async (): Promise<void> => {
    newest = await credentials();
    for (const { options } of client.nodes()) Object.assign(options, newest);
  };
  client.on('+node', ({ options }) => Object.assign(options, newest));
  client.on('-node', () => {
    // Where nothing fresh is to be had the old ones may still do; where not, the server says so.
    if (client.status === 'ready') renewed = renew().catch(() => {});
  });
  return {
    renew,
    get renewed() {
      return renewed;
    },
  };
}
