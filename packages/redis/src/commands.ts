import type { ChainableCommander } from 'ioredis';
import type { Client } from './connection.js';
import { GET, PUT, REPORT, SAVE_GROUP, type Script } from './scripts.js';

/** A value as a reply or an argument: text where the serializer writes text, else bytes. */
export type Stored = string | Buffer;
type Argument = string | number | Uint8Array;

type ScriptName = 'rbPut' | 'rbGet' | 'rbSaveGroup' | 'rbReport';

const SCRIPTS: Readonly<Record<ScriptName, Script>> = {
  rbPut: PUT,
  rbGet: GET,
  rbSaveGroup: SAVE_GROUP,
  rbReport: REPORT,
};

/** Teaches a client the scripts: ioredis sends EVALSHA, and the whole text where a connection has not sent it yet. */
export function defineScripts(client: Client): void {
  for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
}

/** Calls a script by name; replies are text, or bytes where `binary`. */
export function callScript(
  on: Client | ChainableCommander,
  name: ScriptName,
  args: readonly Argument[],
  binary = false,
): Promise<unknown> {
  // defineCommand() adds methods that no type knows.
  const methods = on as unknown as Readonly<Record<string, (...args: readonly Argument[]) => Promise<unknown>>>;
  const method = methods[binary ? `${name}Buffer` : name];
  if (method === undefined) throw new Error(`the script ${name} was not defined on this client`);
  return method.apply(on, [...args]);
}

export interface ScriptCall {
  readonly name: ScriptName;
  readonly args: readonly Argument[];
}

/** What each call gave, in order: a reply, or the error of this call alone. */
export type Replies = readonly ({ readonly value: unknown } | { readonly error: unknown })[];

/** Calls of scripts sent at once: one pipeline, or in a Cluster each to its own node. */
export async function callAll(client: Client, calls: readonly ScriptCall[], binary = false): Promise<Replies> {
  if (calls.length === 0) return [];
  if (isCluster(client)) {
    const settled = await Promise.allSettled(calls.map(({ name, args }) => callScript(client, name, args, binary)));
    return settled.map((each) => (each.status === 'fulfilled' ? { value: each.value } : { error: each.reason }));
  }
  const pipeline = client.pipeline();
  for (const { name, args } of calls) void callScript(pipeline, name, args, binary);
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, value]) => (error ? { error } : { value }));
}

export const isCluster = (client: Client): boolean => 'nodes' in client;
