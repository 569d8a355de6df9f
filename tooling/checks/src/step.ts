import { spawn } from 'node:child_process';
import { env } from 'node:process';
import { ROOT } from './workspace.ts';

/** What one step of the run came to. */
export interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** What it printed; empty where that was shown as it came. */
  readonly output: string;
}

export interface StepOptions {
  /** Show the output as it comes instead of keeping it. @default false */
  readonly live?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a script of the root package.json, without input. */
export function runScript(name: string, script: readonly string[], options: StepOptions = {}): Promise<Outcome> {
  const started = performance.now();
  // A step whose output is kept would print without colours, which are wanted when it is shown after all.
  const colours = process.stdout.isTTY && !env.NO_COLOR ? { FORCE_COLOR: '1' } : {};
  const child = spawn('pnpm', ['--silent', 'run', ...script], {
    cwd: ROOT,
    env: { ...env, ...colours, ...options.env },
    stdio: ['ignore', options.live ? 'inherit' : 'pipe', options.live ? 'inherit' : 'pipe'],
    shell: process.platform === 'win32',
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    const end = (ok: boolean, output = Buffer.concat(chunks).toString()) =>
      resolve({ name, ok, seconds: (performance.now() - started) / 1000, output });
    child.on('error', (error) => end(false, `cannot start pnpm: ${error.message}`));
    child.on('close', (code) => end(code === 0));
  });
}
