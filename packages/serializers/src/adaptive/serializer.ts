import { accepting, isResultError, ResultError, roughBytes, type Serializer, type SerializerContext } from '@rb/core';
import { bytesOf, readHeader, withHeader } from '../wrapped.js';

/** One of several serializers, and which values are its own. */
export interface Choice {
  readonly serializer: Serializer;
  /** Values of about so many bytes and more. @default 0 */
  readonly minBytes?: number | undefined;
  /** Asked for the whole value: in key/value stores Celery's document, of which `result` is what the task returned. */
  readonly when?: ((value: unknown) => boolean) | undefined;
}

const SCHEME = 'rb-adaptive';

/**
 * Writes each value by the first choice that it fits, by size and `when`, and that can carry it. The last choice takes what no
 * other one does, so it has no conditions; what it writes is stored as it is, and whoever reads that serializer
 * reads it. What the others write says by which one, in the header of wrapped.ts.
 *
 * Reads: what any of the choices wrote, by itself too.
 * Errors: RB_ENCODE where none can carry the value; RB_DECODE where the data says that it is of none of the choices. TypeError
 *         without choices, for two of one name, for conditions of the last.
 */
export function adaptive(choices: readonly Choice[]): Serializer {
  const last = check(choices);
  const byName = new Map(choices.map(({ serializer }) => [serializer.name, serializer]));
  const bare = accepting(last, [...byName.values()]);

  function encode(value: unknown, context?: SerializerContext): string | Uint8Array {
    let refusal: unknown;
    for (const choice of choices) {
      if (!fits(choice, value)) continue;
      try {
        const data = choice.serializer.encode(value, context);
        if (choice.serializer === last) return bytesOf(data);
        return withHeader(SCHEME, { parameter: choice.serializer.name, body: bytesOf(data) });
      } catch (error) {
        if (!isResultError(error) || error.code !== 'RB_ENCODE') throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  return {
    name: `adaptive(${[...byName.keys()].join()})`,
    contentType: last.contentType,
    contentEncoding: 'binary',
    recognizes: (data) => readHeader(data)?.scheme === SCHEME || bare.recognizes?.(data) === true,
    encode,
    decode(data, context) {
      const header = readHeader(data);
      if (header?.scheme !== SCHEME) return bare.decode(data, context);
      const serializer = byName.get(header.parameter);
      if (serializer !== undefined) return serializer.decode(header.body, context);
      throw new ResultError('RB_DECODE', `the data is of none of the choices: ${[...byName.keys()].join(', ')}`);
    },
  };
}

function check(choices: readonly Choice[]): Serializer {
  const last = choices.at(-1);
  if (last === undefined) throw new TypeError('expected one choice at least, got none');
  if (last.when !== undefined || (last.minBytes ?? 0) > 0) {
    throw new TypeError('expected no conditions of the last choice, which takes what no other one does');
  }
  const names = choices.map(({ serializer }) => serializer.name);
  if (new Set(names).size < names.length) throw new TypeError(`expected each serializer once, got ${names.join(', ')}`);
  return last.serializer;
}

const fits = ({ minBytes = 0, when }: Choice, value: unknown): boolean =>
  (minBytes === 0 || roughBytes(value) >= minBytes) && (when === undefined || when(value));
