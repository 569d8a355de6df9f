import { OP, type OpcodeName } from '../../src/pickle/opcodes.js';

/** A pickle written by hand: opcodes by name, their arguments as numbers (bytes) or text (its characters' bytes). */
export function assemble(...parts: readonly (OpcodeName | readonly (number | string)[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string'
        ? Buffer.of(OP[part])
        : Buffer.concat(part.map((item) => (typeof item === 'number' ? Buffer.of(item) : Buffer.from(item, 'latin1')))),
    ),
  );
}

/** A short text. */
export const text = (value: string): readonly (number | string)[] => [OP.SHORT_BINUNICODE, value.length, value];

export const u32 = (value: number): readonly number[] => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return [...bytes];
};

export const u64 = (value: bigint): readonly number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return [...bytes];
};

/** A call of a global, arguments given as parts of a tuple. */
export const call = (
  module: string,
  name: string,
  ...args: readonly (OpcodeName | readonly (number | string)[])[]
): readonly (OpcodeName | readonly (number | string)[])[] => [
  text(module),
  text(name),
  'STACK_GLOBAL',
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];
