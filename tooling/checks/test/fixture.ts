import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A repository in a temporary folder, whose path has a space as users' paths do; gone at the end of the block. */
export class Fixture implements Disposable {
  readonly root: string = mkdtempSync(join(realpathSync(tmpdir()), 'rb checks '));

  constructor(files: Readonly<Record<string, string | object>>) {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string | object): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  git(...args: readonly string[]): void {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
    execFileSync('git', [...identity, ...args], { cwd: this.root, stdio: 'ignore' });
  }

  commit(): void {
    this.git('init', '--quiet');
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', 'state');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
