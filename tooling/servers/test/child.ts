import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Another process of Node.js, and the lines that it prints. */
export interface Child {
  readonly process: ChildProcess;
  /** The next line, as JSON. Errors: Error where it ends without. */
  answer<T>(): Promise<T>;
}

/** Runs a script in which `module` imports a file of `src`. */
export function child(script: string, env: NodeJS.ProcessEnv = {}): Child {
  const src = new URL('../src/', import.meta.url).href;
  const source = `const module = (name) => import(${JSON.stringify(src)} + name);\n${script}`;
  const process = spawn(globalThis.process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...globalThis.process.env, ...env },
  });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return {
    process,
    async answer() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the process ended with ${process.exitCode ?? process.signalCode} and no answer`);
      return JSON.parse(value);
    },
  };
}
