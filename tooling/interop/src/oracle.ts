import { reportService } from '@rb/servers/report';
import { type Fields, type LineClient, type Posted, startLineClient } from './line-client.ts';
import { celeryEnvironment, OracleUnavailable, type OracleVersion, pythonEnv, pythonFile } from './venv.ts';

export { OracleError, type Posted } from './line-client.ts';
export { OracleUnavailable, type UnavailableReason } from './venv.ts';

/**
 * Real Celery in a process of its own. The operations and their arguments are in the docstring of
 * python/celery_oracle.py; values in them are tagged (see tags.ts).
 */
export interface Oracle<V extends OracleVersion = OracleVersion> extends AsyncDisposable {
  readonly celery: V;
  /** For people: `Python 3.11.7, kombu 5.6.2`. */
  readonly version: string;
  /** For people: how this Celery was had. */
  readonly how: string;
  /**
   * Runs one operation. Several may be in flight: they run one after the other, those with `background: true` beside them.
   *
   * Errors: OracleError where Python raised; Error where the process ended first.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each operation answers with its own shape, checked by the test that asks.
  call(op: string, args?: Fields): Promise<any>;
  /** The same, for operations that tell something on the way (`get`: 'subscribed', `rpc_wait`: 'ready'). */
  post(op: string, args?: Fields): Posted;
  /** Ends the process. Idempotent. */
  close(): Promise<void>;
  /** Of its process, for tests of what happens when that dies. */
  readonly pid: number | undefined;
}

/**
 * Sets Celery up if need be (once per machine, a few seconds with a warm package cache) and starts it.
 *
 * Errors: OracleUnavailable where it cannot be had.
 */
export async function startOracle<V extends OracleVersion>(version: V): Promise<Oracle<V>> {
  const { python, how } = await celeryEnvironment(version);
  const client = startLineClient(`Celery ${version} oracle`, python, [pythonFile('celery_oracle.py')], pythonEnv());
  const info = await client.post('info').done.catch((cause) => abandon(client, cause));
  const { celery, python: pythonVersion, kombu } = info as Record<string, string>;
  if (celery !== version.replace('-django', ''))
    return abandon(client, new Error(`asked for Celery ${version}, got ${celery}: delete ${how}`));
  return {
    celery: version,
    version: `Python ${pythonVersion}, kombu ${kombu}`,
    how,
    pid: client.pid,
    call: (op, args) => client.post(op, args).done,
    post: client.post,
    close: client.close,
    [Symbol.asyncDispose]: client.close,
  };
}

/**
 * For tests: the oracle, or why there is none, which also goes into the report of services. Where everything is required
 * (CI=true) its absence is an error.
 */
export async function oracleOrSkip<V extends OracleVersion>(
  version: V,
): Promise<Oracle<V> | { readonly missing: string }> {
  const name = `Celery ${version}`;
  try {
    const oracle = await startOracle(version);
    reportService({ name, how: oracle.how, version: oracle.version });
    return oracle;
  } catch (error) {
    if (!(error instanceof OracleUnavailable)) throw error;
    reportService({ name, missing: error.message });
    if (process.env.CI === 'true') throw error;
    return { missing: error.message };
  }
}

async function abandon(client: LineClient, cause: unknown): Promise<never> {
  await client.close();
  throw cause;
}
