import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The commands of what @rb/checks depends on. */
const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

export interface Ran {
  readonly ok: boolean;
  /** What it printed, on both streams. */
  readonly output: string;
}

/** No import, compiler or install of one package takes this long; what does hangs. */
const TIMEOUT_MS = 180_000;

/** Runs a program to its end, without input, and keeps what it prints. */
export function run(file: string, args: readonly string[], cwd: string): Ran {
  const path = BIN + delimiter + (env.PATH ?? '');
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    env: { ...env, PATH: path, NO_COLOR: '1', FORCE_COLOR: undefined },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const reason = error ? `\n${error.message}` : '';
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${reason}`.trim() };
}

/** As `run`, for a program without which nothing can be checked. */
export function need(file: string, args: readonly string[], cwd: string): void {
  const { ok, output } = run(file, args, cwd);
  if (!ok) throw new Error(`${file} ${args[0]} failed in ${cwd}:\n${output}`);
}
