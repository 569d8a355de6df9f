import { spawn } from 'node:child_process';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  /** What it wrote, without colours. */
  readonly output: string;
}

/** Runs a script of this package by this Node, in the package's folder, to its end. */
export function runNode(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_TEST_CONTEXT: _context, ...plain } = env;
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...plain, NO_COLOR: '1', FORCE_COLOR: undefined, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
