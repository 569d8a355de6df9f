/** How long writes take, one after another, until told to end: milliseconds, the quickest first. */
async function latencies(write: () => Promise<unknown>, ended: () => boolean): Promise<readonly number[]> {
  const took: number[] = [];
  while (!ended()) {
    const begin = performance.now();
    await write();
    took.push(performance.now() - begin);
  }
  return took.toSorted((a, b) => a - b);
}

/** For so many milliseconds. */
export function latenciesFor(ms: number, write: () => Promise<unknown>): Promise<readonly number[]> {
  const until = performance.now() + ms;
  return latencies(write, () => performance.now() > until);
}

/** While the work goes on. */
export async function latenciesDuring(
  work: () => Promise<unknown>,
  write: () => Promise<unknown>,
): Promise<readonly number[]> {
  let done = false;
  const writing = latencies(write, () => done);
  try {
    await work();
  } finally {
    done = true;
  }
  return writing;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function sayLatencies(when: string, took: readonly number[]): void {
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? took.at(-1) ?? 0).toFixed(2);
  say(`${when}: ${took.length} writes, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`);
}

export async function sayTime(what: string, work: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await work();
  say(`${what}: ${((performance.now() - begin) / 1_000).toFixed(1)} s`);
}
