import { statSync } from 'node:fs';

/** A question to the operating system takes microseconds; often enough that little goes to a file that no one can open. */
const ASK_MS = 1_000;

/**
 * Tells whether the file at the path is no longer the one that was there at first, and from then on always. SQLite goes on in a file
 * that was deleted, and says that all is well.
 */
export function movedCheck(filename: string): () => boolean {
  const identity = (): string | undefined => {
    const stat = statSync(filename, { throwIfNoEntry: false });
    return stat && `${stat.dev} ${stat.ino}`;
  };
  const first = identity();
  let askedAt = performance.now();
  let moved = false;
  return () => {
    if (moved || performance.now() - askedAt < ASK_MS) return moved;
    askedAt = performance.now();
    moved = identity() !== first;
    return moved;
  };
}
