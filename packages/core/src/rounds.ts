/**
 * Splits a batch so that no id stands twice in one round: of several records with one id each goes into a later round than
 * the one before, and so acts after it.
 *
 * Shape: rounds in order; within a round the order of the items.
 */
export function roundsOf<T>(items: readonly T[], idOf: (item: T) => string): readonly (readonly T[])[] {
  const rounds: T[][] = [];
  const times = new Map<string, number>();
  for (const item of items) {
    const id = idOf(item);
    const time = times.get(id) ?? 0;
    times.set(id, time + 1);
    const round = rounds[time];
    if (round) round.push(item);
    else rounds[time] = [item];
  }
  return rounds;
}
