import { describe, expect, it } from 'vitest';
import { createResultBackend, type ExpiryRule, memoryStore, type TaskRecord, TimeDelta } from '../src/index.js';

const NOW = 1_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The deadline, from now, that a record of the state gets. */
async function keptFor(rule: ExpiryRule | undefined, call?: ExpiryRule, state = 'SUCCESS'): Promise<number | null> {
  const now = (): number => NOW;
  await using backend = createResultBackend(memoryStore({ now }), { expiresIn: rule, now });
  await backend.store('a', state, null, { expiresIn: call });
  const { expiresAt } = await backend.get('a');
  return expiresAt === null ? null : expiresAt - NOW;
}

describe('a deadline', () => {
  it('is a day away where nothing else is said, as in Celery', async () => {
    expect(await keptFor(undefined)).toBe(DAY);
  });

  it.each<[string, ExpiryRule, number | null]>([
    ['milliseconds', 1_500, 1_500],
    ['hours', '36h', 36 * HOUR],
    ['days and hours', '1d12h', 36 * HOUR],
    ['a fraction', '1.5h', 1.5 * HOUR],
    ['a TimeDelta', new TimeDelta(1, 30, 0), DAY + 30_000],
    ['a Temporal.Duration', { total: () => 7_000 }, 7_000],
    ['never', null, null],
  ])('can be given as %s, for the backend or for one call', async (_name, rule, ms) => {
    expect(await keptFor(rule)).toBe(ms);
    expect(await keptFor('9d', rule)).toBe(ms);
  });

  it('can differ by state, with a default for the states not named', async () => {
    const rule = { SUCCESS: '1h', FAILURE: null, default: '2h' } as const;
    expect(await keptFor(rule)).toBe(HOUR);
    expect(await keptFor(rule, undefined, 'FAILURE')).toBeNull();
    expect(await keptFor(rule, undefined, 'PROGRESS')).toBe(2 * HOUR);
  });

  it('is decided by the wider setting where a call, a state or a function leaves it open', async () => {
    expect(await keptFor('3h', { FAILURE: '1h' })).toBe(3 * HOUR);
    expect(await keptFor('3h', () => undefined)).toBe(3 * HOUR);
    expect(await keptFor({ FAILURE: '1h' })).toBe(DAY);
  });

  it('can be a function of the record', async () => {
    const rule = ({ state, meta }: TaskRecord): string | null => (meta.name ? null : state === 'SUCCESS' ? '5h' : '6h');
    expect(await keptFor(rule)).toBe(5 * HOUR);
    expect(await keptFor(rule, undefined, 'STARTED')).toBe(6 * HOUR);
  });

  it('is a whole number of milliseconds, also far away', async () => {
    expect(await keptFor('1.0004s')).toBe(1_000);
    expect(await keptFor('200000d')).toBe(200_000 * DAY);
  });

  it('makes a record unknown when it has passed', async () => {
    let now = NOW;
    await using backend = createResultBackend(memoryStore({ now: () => now }), { now: () => now, expiresIn: 100 });
    await backend.succeed('a', 1);
    now += 99;
    expect(await backend.get('a')).toMatchObject({ known: true });
    now += 1;
    expect(await backend.get('a')).toMatchObject({ known: false, state: 'PENDING' });
  });
});

describe('a store that cannot expire records', () => {
  const never = (): ReturnType<typeof memoryStore> => ({ ...memoryStore(), expiry: undefined });

  it('keeps them for ever where nothing else is said', async () => {
    await using backend = createResultBackend(never());
    await using explicit = createResultBackend(never(), { expiresIn: null });
    await backend.succeed('a', 1);
    await explicit.succeed('a', 1, { expiresIn: null });
    expect((await backend.get('a')).expiresAt).toBeNull();
    expect((await explicit.get('a')).expiresAt).toBeNull();
  });

  it('is refused together with a deadline, as early as that is known', async () => {
    const unsupported = expect.objectContaining({ code: 'RB_UNSUPPORTED' });
    expect(() => createResultBackend(never(), { expiresIn: '1d' })).toThrow(unsupported);
    await using backend = createResultBackend(never());
    await expect(backend.succeed('a', 1, { expiresIn: '1d' })).rejects.toThrow(unsupported);
    expect(await backend.get('a')).toMatchObject({ known: false });
  });
});
