/**
 * Turns values into text or bytes and back. Stores take any; `json` is the default.
 * Names, content types and encodings are kombu's.
 */
export interface Serializer {
  readonly name: string;
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** Errors: RB_ENCODE where the value cannot be carried. Never mutates it. */
  encode(value: unknown): string | Uint8Array;
  /** Errors: RB_DECODE; the message never holds the payload. */
  decode(data: string | Uint8Array): unknown;
}
