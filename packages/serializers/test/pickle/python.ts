import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface PythonAnswer {
  readonly tagged: unknown;
  readonly pickle: Uint8Array;
}

/** undefined where there is no Python 3.9 or later: zoneinfo is from there on. */
export function findPython(): string | undefined {
  const probe = spawnSync('python3', ['-c', 'import zoneinfo'], { stdio: 'ignore' });
  return probe.status === 0 ? 'python3' : undefined;
}

/** One Python process that reads pickles and writes them again; see peer.py. */
export function startPython(command: string): {
  repickle(pickle: Uint8Array, protocol: number): Promise<PythonAnswer>;
  close(): void;
} {
  const child = spawn(command, [fileURLToPath(new URL('peer.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async repickle(pickle, protocol) {
      child.stdin.write(`${JSON.stringify({ pickle: Buffer.from(pickle).toString('base64'), protocol })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('python3 ended');
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(`Python: ${answer.error}`);
      return { tagged: answer.tagged, pickle: Buffer.from(answer.pickle, 'base64') };
    },
    close: () => child.stdin.end(),
  };
}
