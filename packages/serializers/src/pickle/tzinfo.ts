import { isKind } from '@rb/core';
import { itemOf, ObjectNode } from './nodes.js';
import type { Resolver } from './resolve.js';
import { targetOf } from './target.js';
import { offsetAt } from './zones.js';

/** What is known of a tzinfo: its offset (null: there is no tzinfo), or the IANA name from which it follows. */
export type Zone = { readonly offsetSeconds: number | null } | { readonly iana: string };

const UTC: Zone = { offsetSeconds: 0 };

/** undefined where the class is unknown. Names of fixed offsets ("BRT") are not kept. */
export function zoneOf(node: unknown, resolver: Resolver): Zone | undefined {
  if (node === null) return { offsetSeconds: null };
  const target = node instanceof ObjectNode ? targetOf(node) : undefined;
  if (target === undefined) return undefined;
  const { args, callee } = target;
  switch (callee.path) {
    case 'datetime.timezone':
      return fixed(args[0], resolver);
    case 'zoneinfo.ZoneInfo':
    case 'zoneinfo.ZoneInfo._unpickle':
    case 'backports.zoneinfo.ZoneInfo._unpickle':
      return typeof args[0] === 'string' ? { iana: args[0] } : undefined;
    case 'pytz._UTC':
    case 'pytz.UTC':
    case 'dateutil.tz.tzutc':
    case 'dateutil.tz.tz.tzutc':
      return UTC;
    case 'pytz._p':
      return pytz(args);
    case 'pytz.FixedOffset':
    case 'pytz._FixedOffset':
      return typeof args[0] === 'number' ? { offsetSeconds: args[0] * 60 } : undefined;
    case 'dateutil.tz.tzoffset':
    case 'dateutil.tz.tz.tzoffset':
      return fixed(args[1] ?? itemOf(target.node.state, '_offset'), resolver);
    default:
      return undefined;
  }
}

function fixed(node: unknown, resolver: Resolver): Zone | undefined {
  const delta = resolver.value(node);
  if (typeof delta === 'number') return { offsetSeconds: delta };
  if (!isKind(delta, 'timedelta')) return undefined;
  const { days, seconds, microseconds } = delta;
  return { offsetSeconds: days * 86_400 + seconds + microseconds / 1_000_000 };
}

/** pytz says which of a zone's offsets it meant; zones of one offset are named only. */
function pytz([name, offsetSeconds]: readonly unknown[]): Zone | undefined {
  if (typeof offsetSeconds === 'number') return { offsetSeconds };
  const only = typeof name === 'string' ? offsetAt(name, 0) : undefined;
  return only === undefined ? undefined : { offsetSeconds: only };
}
