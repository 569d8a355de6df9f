import type { ChainableCommander } from 'ioredis';
import type { Client } from './connection.js';
import { DEADLINES, GET, put, REPORT, SAVE_GROUP, type Script } from './scripts.js';

/** A value as a reply or an argument: text where the serializer writes text, else bytes. */
export type Stored = string | Buffer;
type Argument = string | number | Uint8Array;

type ScriptName = 'rbPut' | 'rbGet' | 'rbDeadlines' | 'rbSaveGroup' | 'rbReport';

const scriptsOf = (shardedPubSub: boolean): Readonly<Record<ScriptName, Script>> => ({
  rbPut: put(shardedPubSub ? 'SPUBLISH' : 'PUBLISH'),
  rbGet: GET,
  rbDeadlines: DEADLINES,
  rbSaveGroup: SAVE_GROUP,
  rbReport: REPORT,
});

/** Teaches a client the scripts: ioredis sends EVALSHA, and the whole text where a connection has not sent it yet. */
export function defineScripts(client: Client, shardedPubSub: boolean): void {
  for (const [name, script] of Object.entries(scriptsOf(shardedPubSub))) client.defineCommand(name, script);
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
  return method.apply(
    on,
    args.map((each) => (each instanceof Uint8Array ? asBuffer(each) : each)),
  );
}

/** The same bytes: of other arrays of bytes ioredis would send the text `1,2,3`. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface ScriptCall {
  readonly name: ScriptName;
  readonly args: readonly Argument[];
}

/** What each call gave, in order: a reply, or the error of this call alone. */
export type Replies = readonly ({ readonly value: unknown } | { readonly error: unknown })[];

/** Calls per pipeline, and keys per script: small enough for the server to work on one while this side is busy with the next. */
export const CHUNK = 100;

/** Calls of scripts sent at once and in order: by pipelines, or in a Cluster each to its own node. */
export async function callAll(client: Client, calls: readonly ScriptCall[], binary = false): Promise<Replies> {
  if (isCluster(client) || calls.length === 1) {
    const settled = await Promise.allSettled(calls.map(({ name, args }) => callScript(client, name, args, binary)));
    return settled.map((each) => (each.status === 'fulfilled' ? { value: each.value } : { error: each.reason }));
  }
  const sent: Promise<Replies>[] = [];
  for (let from = 0; from < calls.length; from += CHUNK) {
    const pipeline = client.pipeline();
    for (const { name, args } of calls.slice(from, from + CHUNK)) void callScript(pipeline, name, args, binary);
    sent.push(pipeline.exec().then(repliesOf));
  }
  return (await Promise.all(sent)).flat();
}

/** Of a pipeline, as ioredis gives them. */
const repliesOf = (replies: readonly (readonly [Error | null, unknown])[] | null): Replies =>
  (replies ?? []).map(([error, value]) => (error ? { error } : { value }));

export const isCluster = (client: Client): boolean => 'nodes' in client;
