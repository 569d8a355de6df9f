/** A refusal as MongoDB words it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const CURSOR_NOT_FOUND = 43;
export const COMMAND_NOT_FOUND = 59;
export const ILLEGAL_OPERATION = 20;
export const NAMESPACE_NOT_FOUND = 26;
export const DUPLICATE_KEY = 11_000;
const INTERNAL_ERROR = 1;
const WRITE_CONFLICT = 112;
const SHUTDOWN_IN_PROGRESS = 91;
const HOST_UNREACHABLE = 6;

/** By the ordinal in DocumentDB's own list of errors, the code that MongoDB has. Those that tests of a store may meet. */
const BY_ORDINAL: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 2, 2: 5, 3: 9, 4: 14, 5: 15, 6: 20, 7: 23, 8: 26, 9: 27, 10: 28, 11: 31, 12: 16_840, 13: 40, 14: 43 },
  ...{
    15: 48,
    16: 52,
    18: 53,
    19: 56,
    20: 57,
    21: 61,
    22: 66,
    23: 67,
    24: 68,
    25: 72,
    26: 73,
    27: 85,
    28: 86,
    30: 115,
  },
  ...{ 32: 146, 35: 166, 45: 361, 46: 10_065, 47: 10_334, 48: DUPLICATE_KEY, 49: 12_587, 282: 40_324, 296: 40_415 },
  ...{ 456: 121, 511: 13, 531: 13, 536: 24, 537: 50, 538: 59, 541: WRITE_CONFLICT, 542: 117 },
};

const NAMES: Readonly<Record<number, string>> = {
  2: 'BadValue',
  6: 'HostUnreachable',
  9: 'FailedToParse',
  14: 'TypeMismatch',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  50: 'MaxTimeMSExpired',
  59: 'CommandNotFound',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  91: 'ShutdownInProgress',
  112: 'WriteConflict',
  121: 'DocumentFailedValidation',
  11000: 'DuplicateKey',
};

/** Of DocumentDB's own: an M, then the ordinal in base 36. */
const OWN_STATE = /^M[0-9A-Z]{4}$/;

/** From PostgreSQL's error state, five characters. */
function codeOfState(state: string): number {
  if (OWN_STATE.test(state)) return BY_ORDINAL[Number.parseInt(state.slice(1), 36)] ?? INTERNAL_ERROR;
  if (state === '23505') return DUPLICATE_KEY;
  if (state === '40001' || state === '40P01') return WRITE_CONFLICT;
  return state.startsWith('57') || state.startsWith('08') ? SHUTDOWN_IN_PROGRESS : INTERNAL_ERROR;
}

/** PostgreSQL packs a state into a number, six bits a character, least significant first; DocumentDB answers such numbers. */
export function codeOfPacked(packed: number): number {
  let state = '';
  for (let rest = packed; state.length < 5; rest = Math.floor(rest / 64))
    state += String.fromCharCode(0x30 + (rest & 63));
  // MongoDB's own codes come as they are, and are smaller.
  return packed > 1_000_000 ? codeOfState(state) : packed;
}

/** The answer to a command that failed. */
export function errorDocument(error: unknown): Readonly<Record<string, unknown>> {
  const errmsg = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  return { ok: 0, errmsg, code, codeName: NAMES[code] ?? `Error${code}` };
}

function codeOf(error: unknown): number {
  if (error instanceof CommandError) return error.code;
  const state = error instanceof Error && 'code' in error ? error.code : undefined;
  // What is not PostgreSQL's is of the connection to it.
  return typeof state === 'string' && state.length === 5 ? codeOfState(state) : HOST_UNREACHABLE;
}
