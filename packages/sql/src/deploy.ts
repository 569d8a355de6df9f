import { setTimeout as delay } from 'node:timers/promises';
import { abortable, isResultError, throwIfAborted } from '@rb/core';
import { numberOf, type SchemaDialect } from './dialect.js';
import type { Executor } from './executor.js';
import type { Step } from './schema.js';

export interface DeployProgress {
  /** What is being run. */
  readonly sql: string;
  /** How many statements are done, and how many there are. */
  readonly done: number;
  readonly total: number;
  /** How much of this one is done, from 0 to 1, where the database tells. */
  readonly part?: number | undefined;
}

export interface DeployOptions {
  /** Called before the transaction of what is done at once, before each index after it, and about once a second while that is built. */
  readonly onProgress?: ((progress: DeployProgress) => void) | undefined;
  /** Ends the call. An index that is being built may be finished by the server all the same. */
  readonly signal?: AbortSignal | undefined;
}

export interface Plan {
  readonly current: number;
  readonly latest: number;
  readonly steps: readonly Step[];
}

/** How often another process may get ahead of a deployment before the error is taken at its word. */
const ATTEMPTS = 5;
/** How long a deployment tries for a lock on the tables, between long transactions of others. */
const PATIENCE_MS = 600_000;
/** Between two tries for tables that others use, and two looks at whether another process still builds indexes. */
export const PAUSE_MS = 500;
const PROGRESS_MS = 1_000;

const doing = 'deploying the schema';

export const sqlOf = (step: Step): string => (typeof step === 'string' ? step : step.online);

export interface Deployment {
  /** What is no `online` step. @param options.patienceMs How long to try for locks on the tables. */
  atOnce(options: DeployOptions & { readonly patienceMs?: number }): Promise<string[]>;
  /** The rest, after it. */
  online(options: DeployOptions): Promise<string[]>;
}

/** Runs what a plan says. It is made anew after everything that may have gone wrong: another process may have been faster. */
export function deploying(dialect: SchemaDialect, executor: Executor, plan: () => Promise<Plan>): Deployment {
  const writing = { write: true, doing, unlimited: true };

  /** Waits where it is worth another try. */
  const retrying = (patienceMs: number) => {
    const until = performance.now() + patienceMs;
    let races = 0;
    return async (error: unknown): Promise<void> => {
      if (!isResultError(error)) throw error;
      const pauseMs = dialect.pauseMs?.(error);
      if (pauseMs !== undefined && performance.now() < until) await pause(pauseMs);
      // A process that was faster makes ours fail as a whole, by a duplicate name.
      else if ((error.code !== 'RB_STORE' && error.code !== 'RB_SCHEMA') || ++races === ATTEMPTS) throw error;
    };
  };

  const atOnce = async ({ onProgress, signal, patienceMs = PATIENCE_MS }: Parameters<Deployment['atOnce']>[0]) => {
    const retry = retrying(patienceMs);
    for (;;) {
      throwIfAborted(signal, doing);
      const { latest, steps } = await plan();
      const run = steps.filter((step) => typeof step === 'string');
      if (run.length === 0) return [];
      onProgress?.({ sql: run[0] ?? '', done: 0, total: steps.length });
      const statements = [...run.map((sql) => ({ sql, params: [] })), ...dialect.record(latest)];
      try {
        await executor.run(dialect.locked(statements), { ...writing, signal });
        return run;
      } catch (error) {
        await retry(error);
      }
    }
  };

  const build = async (sql: string, tell: (part?: number) => void): Promise<void> => {
    const { progress } = dialect.online ?? {};
    const ask = async (): Promise<void> => {
      const [result] = progress ? await executor.run([progress], { write: false, doing }) : [];
      tell(Number(result?.rows[0]?.part ?? 0));
    };
    tell();
    const timer = setInterval(() => void ask().catch(() => undefined), PROGRESS_MS);
    try {
      await executor.run([{ sql, params: [] }], writing);
    } finally {
      clearInterval(timer);
    }
  };

  /** Under a lock that others only try for: who waits for it inside of the database would in turn keep an index from its end. */
  const buildAll = async ({ onProgress, signal }: DeployOptions): Promise<string[] | undefined> => {
    let built: string[] | undefined;
    await executor.run(dialect.online?.lock ?? [], {
      ...writing,
      async during(results) {
        if (numberOf(results[0]?.rows[0], 'held') !== 1) return;
        built = [];
        const steps = onlineOf(await plan());
        for (const sql of steps) {
          throwIfAborted(signal, doing);
          await build(sql, (part) => onProgress?.({ sql, done: built?.length ?? 0, total: steps.length, part }));
          built.push(sql);
        }
      },
    });
    return built;
  };

  const online = async (options: DeployOptions): Promise<string[]> => {
    const retry = retrying(PATIENCE_MS);
    for (;;) {
      throwIfAborted(options.signal, doing);
      if (onlineOf(await plan()).length === 0) return [];
      try {
        const built = await abortable(buildAll(options), options.signal, doing);
        if (built !== undefined) return built;
        await pause(PAUSE_MS);
      } catch (error) {
        await retry(error);
      }
    }
  };

  return { atOnce, online };
}

const onlineOf = ({ steps }: Plan): string[] =>
  steps.flatMap((step) => (typeof step === 'string' ? [] : [step.online]));

/** Up to as much again at random, so that those who began together do not stay together. */
const pause = (ms: number): Promise<void> => delay(ms * (1 + Math.random()));
