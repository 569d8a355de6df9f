import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Python raised. */
export class OracleError extends Error {
  override readonly name = 'OracleError';
  /** Qualified name of the Python class, such as `ValueError`. */
  readonly type: string;
  /** Its module, such as `builtins`. */
  readonly module: string;
  /** The exception as a tag's content: `{ module, type, args, str, ... }`. */
  readonly exception: unknown;
  /** Python's own. */
  readonly traceback: string;

  constructor(raised: Raised) {
    super(raised.message);
    this.type = raised.type;
    this.module = raised.module;
    this.exception = raised.exception;
    this.traceback = raised.traceback;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** A request in flight. */
export interface Posted {
  /** Resolves with the first event of that name, already told or to come; rejects when the request ends without one. */
  event(name: string): Promise<Fields>;
  /** The result. Need not be handled where only an event matters. */
  // biome-ignore lint/suspicious/noExplicitAny: each operation answers with its own shape, checked by the test that asks.
  readonly done: Promise<any>;
}

/** A process that answers requests: one JSON object per line, each way. */
export interface LineClient {
  readonly pid: number | undefined;
  post(op: string, args?: Fields): Posted;
  /** Ends the process, by force where an operation keeps it busy. Idempotent. */
  close(): Promise<void>;
}

interface Raised {
  readonly type: string;
  readonly module: string;
  readonly message: string;
  readonly exception: unknown;
  readonly traceback: string;
}

type Message = { readonly id: number } & (
  | { readonly event: string }
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: Raised }
);

/** How long a process may go on with what it is doing before it is killed. */
const CLOSE_GRACE_MS = 1_000;

/** Starts `command`. What happens to it afterwards is told by the requests: they reject when it ends. */
export function startLineClient(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): LineClient {
  const child = spawn(command, args, { env, stdio: 'pipe' });
  const requests = new Map<number, Request>();
  let lastId = 0;
  let stderr = '';
  let ended: Error | undefined;

  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  // Writing to a process that is gone; its end rejects the request.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => receive(JSON.parse(line)));
  const closed = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      ended ??= new Error(`${name} ${how}${stderr === '' ? '' : `; it said:\n${stderr}`}`);
      for (const { done } of requests.values()) done.reject(ended);
      requests.clear();
      resolve();
    };
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => end(`ended (${signal ?? `exit code ${code}`})`));
  });

  function receive(message: Message): void {
    const request = requests.get(message.id);
    if ('event' in message) {
      request?.event(message.event).resolve({ ...message });
      return;
    }
    requests.delete(message.id);
    if (message.ok) request?.done.resolve(message.result);
    else request?.done.reject(new OracleError(message.error));
  }

  return {
    pid: child.pid,
    post(op, args = {}) {
      const request = makeRequest();
      if (ended === undefined) {
        lastId += 1;
        requests.set(lastId, request);
        child.stdin.write(`${JSON.stringify({ ...args, op, id: lastId })}\n`);
      } else {
        request.done.reject(ended);
      }
      const done = request.done.promise;
      return {
        event: (name) => Promise.race([request.event(name).promise, done.then(() => noEvent(op, name))]),
        done,
      };
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

interface Request {
  readonly event: (name: string) => Deferred<Fields>;
  readonly done: Deferred<unknown>;
}

function makeRequest(): Request {
  const events = new Map<string, Deferred<Fields>>();
  const done = defer<unknown>();
  // Who asks only for an event leaves it unhandled.
  done.promise.catch(() => undefined);
  return {
    event(name) {
      const event = events.get(name) ?? defer();
      events.set(name, event);
      return event;
    },
    done,
  };
}

function noEvent(op: string, name: string): never {
  throw new Error(`${op} ended without the event ${name}`);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function defer<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) };
}
