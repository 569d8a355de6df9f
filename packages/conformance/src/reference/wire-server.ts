import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ResultError, ResultNode, type ResultStore, type ScanOptions, type Subscription } from '@rb/core';
import { onMessages, send } from './wire-lines.js';
import { type Answer, answerOf, type Entry, LAYOUT, type PlainError, type PlainGroup, plain } from './wire-records.js';

export interface Request {
  readonly id: number;
  readonly operation: string;
  readonly args: unknown;
}

export type Message =
  | { readonly id: number; readonly value?: unknown; readonly error?: PlainError }
  | { readonly told: Answer };

/** Stores of @rb/core's `memoryStore` behind a TCP server: what they hold outlives every connection. */
export interface WireServer {
  readonly port: number;
  /** Connections are lost and refused for a moment; what is stored stays. */
  restart(): Promise<void>;
  setPassword(password: string): void;
  /** As if the place had never been made. */
  drop(name: string): void;
  close(): Promise<void>;
}

/** How long a restart takes. */
const RESTART_MS = 20;

export async function wireServer(options: {
  readonly password: string;
  readonly places: Readonly<Record<string, ResultStore>>;
}): Promise<WireServer> {
  const places = new Map(Object.entries(options.places));
  const sockets = new Set<Socket>();
  let { password } = options;
  let up = true;

  function serve(socket: Socket): void {
    sockets.add(socket);
    let placeName = '';
    let subscription: Subscription | undefined;
    const hello = (args: { readonly password: string; readonly place: string }): void => {
      if (args.password !== password) throw new ResultError('RB_DENIED', 'the password was refused: check the URL');
      placeName = args.place;
    };
    const perform = async ({ operation, args }: Request): Promise<unknown> => {
      if (operation === 'ping') return undefined;
      if (operation === 'hello') hello(args as Parameters<typeof hello>[0]);
      if (placeName === '') throw new ResultError('RB_DENIED', 'the first request of a connection must be hello');
      const store = places.get(placeName);
      if (!store) throw new ResultError('RB_SCHEMA', `there is no place ${placeName}: run the server with it`);
      if (operation === 'hello') return undefined;
      subscription ??= store.notify?.subscribe({
        record: (outcome) => send(socket, { told: answerOf(outcome) }),
        gap: () => {},
      });
      if (operation === 'watch') return subscription?.add(args as readonly string[]);
      if (operation === 'unwatch') return subscription?.remove(args as readonly string[]);
      return OPERATIONS[operation]?.(store, args as never);
    };
    onMessages<Request>(socket, async (request) => {
      const { id } = request;
      try {
        send(socket, { id, value: await perform(request) });
      } catch (error) {
        send(socket, { id, error: plain(error) });
      }
    });
    // A lost connection is a client's everyday business.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      void subscription?.close();
    });
  }

  const listener = createServer({ noDelay: true }, (socket) => {
    if (up) serve(socket);
    else socket.on('error', () => {}).destroy();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  // A server that nobody is connected to keeps no process running.
  listener.unref();
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    port: (listener.address() as AddressInfo).port,
    // The port stays ours: another process might take it in between.
    async restart() {
      up = false;
      dropConnections();
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      up = true;
    },
    setPassword(changed) {
      password = changed;
    },
    drop(name) {
      places.delete(name);
    },
    async close() {
      dropConnections();
      if (listener.listening) await once(listener.close(), 'close');
    },
  };
}

const OPERATIONS: Readonly<Record<string, (store: ResultStore, args: never) => unknown>> = {
  async put(store, entries: readonly Entry[]) {
    const outcomes = await store.put(
      entries.map(({ data, ...entry }) => ({ ...NO_RECORD, ...entry, verbatim: { layout: LAYOUT, data } })),
    );
    return outcomes.map((outcome) => ('refused' in outcome ? { error: plain(outcome.refused) } : outcome));
  },
  get: async (store, taskIds: readonly string[]) => (await store.get(taskIds, { verbatim: true })).map(answerOf),
  delete: (store, taskIds: readonly string[]) => store.delete(taskIds),
  sweep: (store, limit: number) => store.expiry?.sweep?.(limit),
  async page(store, options: ScanOptions) {
    for await (const { records, cursor } of store.scan?.pages({ ...options, verbatim: true }) ?? []) {
      return { records: records.map(answerOf), cursor };
    }
    return undefined;
  },
  stats: (store) => store.stats?.read(),
  saveGroup: (store, { members, parent, ...group }: PlainGroup) =>
    store.groups?.save({
      ...group,
      members: members.map((member) => ResultNode.fromTuple(member)),
      parent: parent && ResultNode.fromTuple(parent),
    }),
  async loadGroup(store, groupId: string) {
    const group = await store.groups?.load(groupId);
    return (
      group && {
        ...group,
        members: group.members.map((member) => member.toTuple()),
        parent: group.parent?.toTuple() ?? null,
      }
    );
  },
  deleteGroup: (store, groupId: string) => store.groups?.delete(groupId),
  // Of the member's record the memory store needs no more than its id.
  report: (store, { groupId, taskId }: { readonly groupId: string; readonly taskId: string }) =>
    store.groups?.report(groupId, { ...NO_RECORD, taskId }),
};

const NO_RECORD = { state: 'SUCCESS', result: null, traceback: null, doneAt: null, meta: {}, expiresAt: null } as const;
