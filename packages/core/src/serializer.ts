/**
 * Turns values into text or bytes and back. Stores take any; `json` is the default.
 * Names, content types and encodings are kombu's.
 */
export interface Serializer {
  readonly name: string;
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** Errors: RB_ENCODE where the value cannot be carried. Never mutates it. */
  encode(value: unknown, context?: SerializerContext): string | Uint8Array;
  /** Errors: RB_DECODE; the message never holds the payload. */
  decode(data: string | Uint8Array, context?: SerializerContext): unknown;
  /**
   * Whether data that nothing tells about can be this serializer's, by how it begins; nothing is decoded. Absent: it may be
   * anything that no other one recognizes.
   */
  recognizes?(data: string | Uint8Array): boolean;
  /** Of a serializer around another one (compression, encryption): the one inside. */
  readonly inner?: Serializer | undefined;
  /** The same around another serializer. Present where `inner` is. */
  around?(inner: Serializer): Serializer;
}

/** What a value belongs to: associated data of encryption, the deadline of what is kept elsewhere. Absent where a caller has no record. */
export interface SerializerContext {
  readonly taskId?: string | undefined;
  /** Unix milliseconds; null = never, or not known where something is decoded. */
  readonly expiresAt?: number | null | undefined;
  /** What the message says that brought the data; absent where nothing does. */
  readonly contentType?: string | undefined;
}
