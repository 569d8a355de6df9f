/** A driver's callback. */
export type Answer<T> = (error: Error | null | undefined, answer: T) => void;

/**
 * Gives up a connection that does not answer in time. Asked by callback, as a driver's promise would be two more, or three.
 *
 * @param unlimited It may take as long as it takes.
 */
export type Watchdog<Client> = <T>(client: Client, ask: (answer: Answer<T>) => void, unlimited?: boolean) => Promise<T>;

/** One timer for all connections, left running between questions: a timer per question takes a tenth of its time. */
export function watchdog<Client>(timeoutMs: number, giveUp: (client: Client, why: Error) => void): Watchdog<Client> {
  const deadlines = new Map<Client, number>();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    timer = undefined;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [client, deadline] of deadlines) {
      if (deadline <= now) giveUp(client, new Error(`read timeout: no answer within ${timeoutMs} ms`));
      else next = Math.min(next, deadline);
    }
    if (next !== Number.POSITIVE_INFINITY) wait(next - now);
  };

  const wait = (ms: number): void => {
    // Whoever waits for an answer is kept alive by the connection. Timers are served before what has arrived, immediates after it: so
    // an answer that came while this process was busy is not too late.
    timer = setTimeout(() => setImmediate(look), Math.ceil(ms)).unref();
  };

  return (client, ask, unlimited = false) =>
    new Promise((resolve, reject) => {
      if (!unlimited) {
        deadlines.set(client, performance.now() + timeoutMs);
        if (timer === undefined) wait(timeoutMs);
      }
      try {
        ask((error, answer) => {
          deadlines.delete(client);
          if (error) reject(error);
          else resolve(answer);
        });
      } catch (error) {
        deadlines.delete(client);
        throw error;
      }
    });
}
