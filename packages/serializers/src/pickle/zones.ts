/** Offsets of IANA time zones, from the data that JavaScript itself has. */

const formats: Map<string, Intl.DateTimeFormat> = new Map();

/** undefined where the zone is unknown here. */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  // Intl ignores case and also takes bare offsets; with one spelling each, names are few enough to keep.
  const key = zone.toLowerCase();
  const cached = formats.get(key);
  if (cached !== undefined || !/^[a-z]/.test(key)) return cached;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(key, format);
    return format;
  } catch {
    return undefined;
  }
}

/** Seconds east of UTC at an instant; undefined where the zone is unknown. */
export function offsetAt(zone: string, epochMs: number): number | undefined {
  const name = formatOf(zone)
    ?.formatToParts(epochMs)
    .find((part) => part.type === 'timeZoneName')?.value;
  // `GMT+05:30`, `GMT-04:56:02` before there was standard time, `GMT` or `GMT+00:00`.
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name ?? '');
  if (match === null) return undefined;
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds));
}

/** More than any change of offset is apart from the next. */
const DAY_MS = 86_400_000;

/**
 * Seconds east of UTC when a clock on the wall shows `wallMs` (counted as if it were UTC). Where it shows that twice, or
 * never, `fold` picks as in Python: false the offset before the change, true the one after. Source: PEP 495.
 */
export function offsetAtWall(zone: string, wallMs: number, fold: boolean): number | undefined {
  const before = offsetAt(zone, wallMs - DAY_MS);
  const after = offsetAt(zone, wallMs + DAY_MS);
  if (before === undefined || after === undefined || before === after) return before;
  const holds = (offset: number): boolean => offsetAt(zone, wallMs - offset * 1_000) === offset;
  if (holds(before) === holds(after)) return fold ? after : before;
  return holds(before) ? before : after;
}
