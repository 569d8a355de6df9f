/** Closes one after the other, whatever each of them does, and takes no longer than the limit: then the rest is only asked to. */
export async function closeAll(closers: readonly (() => unknown)[], limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  try {
    for (const close of closers) await Promise.race([attempt(close), limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(close: () => unknown): Promise<void> {
  try {
    await close();
  } catch {
    // What a clause says about closing it looks at itself.
  }
}
