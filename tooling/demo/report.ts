import { styleText } from 'node:util';

export interface Step {
  readonly title: string;
  /** What it shows a user, in one sentence; printed once the step held. */
  readonly proves: string;
  run(say: (line: string) => void): Promise<void>;
}

const paint = (style: Parameters<typeof styleText>[0], text: string): string => styleText(style, text);

/** Runs the steps in order, printing each as it goes. Shape: how many did not hold. */
export async function report(steps: readonly Step[]): Promise<number> {
  let failed = 0;
  for (const [i, { title, proves, run }] of steps.entries()) {
    console.log(`\n${paint('bold', `${i + 1}. ${title}`)}`);
    const started = performance.now();
    try {
      await run((line) => console.log(`   ${line}`));
      const ms = Math.round(performance.now() - started);
      console.log(`   ${paint('green', '✓')} ${proves} ${paint('dim', `(${ms} ms)`)}`);
    } catch (error) {
      failed += 1;
      console.log(`   ${paint('red', '✗ did not hold:')} ${reasons(error)}`);
    }
  }
  return failed;
}

/** What went wrong and why, without stacks. */
const reasons = (error: unknown): string =>
  error instanceof Error
    ? `${error.message}${error.cause ? `\n     because ${reasons(error.cause)}` : ''}`
    : String(error);

/** Errors: what was observed, where it is not as expected. */
export function hold(observed: boolean, what: string): void {
  if (!observed) throw new Error(what);
}

export const dim = (text: string): string => paint('dim', text);

const STATE_COLOURS = { SUCCESS: 'green', FAILURE: 'red', REVOKED: 'magenta' } as const;

export const coloured = (state: string, text: string = state): string =>
  paint(STATE_COLOURS[state as keyof typeof STATE_COLOURS] ?? 'yellow', text);
