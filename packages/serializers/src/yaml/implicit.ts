/**
 * What PyYAML takes a plain scalar for: YAML 1.1 as its resolver has it, which is neither the specification's nor any JavaScript
 * library's (`1e3` is text, `010` is 8, `1:30` is 90, `y` is text).
 *
 * Source: PyYAML 6 resolver.py, `add_implicit_resolver`.
 */
export const BOOL: RegExp = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
export const NULL: RegExp = /^(?:~|null|Null|NULL|)$/;
export const INT: RegExp =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
export const FLOAT: RegExp =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)$|^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:Z|([-+])(\d\d?)(?::(\d\d))?))?$/;

/** More digits Python's own int() refuses, too; a number in base 60 would take time by the square of its length. */
const MAX_DIGITS = 4_300;

/** Errors: RangeError where it is longer than Python takes it; SyntaxError where there are no digits. */
export function parseInteger(source: string): number | bigint {
  if (source.length > MAX_DIGITS) throw new RangeError('an integer has more digits than Python reads');
  const text = source.replaceAll('_', '').replace(/^[-+]/, '');
  const value = magnitude(text);
  const signed = source.startsWith('-') ? -value : value;
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function magnitude(text: string): bigint {
  if (text.includes(':')) return text.split(':').reduce((sum, digits) => sum * 60n + BigInt(digits), 0n);
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text}`);
  return BigInt(text);
}

export function parseFloating(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase();
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY;
  if (digits === '.nan') return Number.NaN;
  return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** An instant as core's `DateTime.fromIso` reads it, or a day; undefined where it is neither. */
export function isoOf(source: string): { readonly day: string } | { readonly instant: string } | undefined {
  const match = TIMESTAMP.exec(source);
  if (match === null) return undefined;
  if (match[1] !== undefined) return { day: source };
  const [year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '', zoneMinute = '00'] =
    match.slice(4);
  const two = (digits = ''): string => digits.padStart(2, '0');
  const zone = sign === undefined ? (source.endsWith('Z') ? '+00:00' : '') : `${sign}${two(zoneHour)}:${zoneMinute}`;
  const micros = fraction === '' ? '' : `.${fraction.slice(0, 6)}`;
  return { instant: `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${micros}${zone}` };
}
