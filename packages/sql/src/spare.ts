/** What was given back in this very turn: who asks again at once, as a loop that awaits does, need not ask the pool. */
export interface Spare<Client> {
  take(): Client | undefined;
  /** Keeps it for the rest of the turn; false where another one is kept already. */
  keep(client: Client): boolean;
}

/** @param release Gives to the pool what nobody took. */
export function spareOf<Client>(release: (client: Client) => void): Spare<Client> {
  let spare: Client | undefined;

  const take = (): Client | undefined => {
    const client = spare;
    spare = undefined;
    return client;
  };

  const releaseSpare = (): void => {
    const client = take();
    if (client !== undefined) release(client);
  };

  return {
    take,
    keep(client) {
      if (spare !== undefined) return false;
      spare = client;
      setImmediate(releaseSpare);
      return true;
    },
  };
}
