import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

/** PostgreSQL has a process per connection, each in a session of its own: neither pid nor process group reaches them all. */
export function signalTree(pid: number | undefined, signal: NodeJS.Signals): void {
  for (const each of treeOf(pid)) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Whether no thread of the process or of its children runs. */
export const isStopped = (pid: number | undefined): boolean =>
  treeOf(pid).every((each) => threadStates(each).every((state) => STOPPED.has(state)));

/** Stopped, by a signal or a debugger; ended; gone since it was listed. */
const STOPPED: ReadonlySet<string> = new Set(['T', 't', 'Z', 'X', '']);

/** A letter each. */
function threadStates(pid: number): readonly string[] {
  const folder = `/proc/${pid}/task`;
  const threads = attempt(() => readdirSync(folder)) ?? [];
  return threads.map((thread) => {
    const stat = attempt(() => readFileSync(`${folder}/${thread}/stat`, 'utf8'));
    // After the name of the program, which is in parentheses and may hold others.
    return stat === undefined ? '' : stat.charAt(stat.lastIndexOf(')') + 2);
  });
}

/** The process first, so that it starts no other while they are signalled. */
function treeOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '';
  return [
    pid,
    ...children
      .split(' ')
      .filter(Boolean)
      .flatMap((each) => treeOf(Number(each))),
  ];
}

/** undefined where the process has ended meanwhile. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
