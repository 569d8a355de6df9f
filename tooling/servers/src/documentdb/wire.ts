/** The frame of MongoDB's wire protocol: 16 bytes of header, then what its opcode says. */
const HEADER_BYTES = 16;
const OP_REPLY = 1;
/** What drivers send first, before they know that the server takes OP_MSG. */
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const CHECKSUM_BYTES = 4;

/** MongoDB's own limit of a message. */
export const MAX_MESSAGE_BYTES = 48_000_000;

/** A command as it came, undecoded: the engine takes BSON. */
export interface Request {
  readonly id: number;
  readonly legacy: boolean;
  readonly body: Uint8Array;
  /** Documents that came beside the body, one after another: those to insert, the updates, the deletes. */
  readonly sequence?: Uint8Array;
  /** In legacy requests, whose body does not name it. */
  readonly database?: string;
  readonly answered: boolean;
}

/** Cuts what arrives on one connection into messages. Errors: RangeError for a length that no message has. */
export function messageReader(): (bytes: Buffer) => readonly Buffer[] {
  let waiting: Buffer = Buffer.alloc(0);
  return (bytes) => {
    waiting = waiting.length > 0 ? Buffer.concat([waiting, bytes]) : bytes;
    const messages: Buffer[] = [];
    while (waiting.length >= 4) {
      const length = waiting.readInt32LE(0);
      if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES)
        throw new RangeError(`expected a message of ${HEADER_BYTES} to ${MAX_MESSAGE_BYTES} bytes, got ${length}`);
      if (waiting.length < length) break;
      messages.push(waiting.subarray(0, length));
      waiting = waiting.subarray(length);
    }
    return messages;
  };
}

/** Errors: TypeError for an opcode that drivers of today do not use. */
export function parseRequest(message: Buffer): Request {
  const id = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  if (opcode === OP_MSG) return { id, legacy: false, ...parseMessage(message) };
  if (opcode === OP_QUERY) return { id, legacy: true, ...parseQuery(message) };
  throw new TypeError(`expected OP_MSG or OP_QUERY, got opcode ${opcode}`);
}

/** Flags, then sections: kind 0 is the body, kind 1 a named sequence of documents. */
function parseMessage(message: Buffer): Pick<Request, 'body' | 'sequence' | 'answered'> {
  const flags = message.readUInt32LE(HEADER_BYTES);
  const end = message.length - (flags & CHECKSUM_PRESENT ? CHECKSUM_BYTES : 0);
  let body: Uint8Array | undefined;
  let sequence: Uint8Array | undefined;
  for (let at = HEADER_BYTES + 4; at < end; ) {
    const start = at + 1;
    const next = start + message.readInt32LE(start);
    if (message[at] === 0) body = message.subarray(start, next);
    else sequence = message.subarray(message.indexOf(0, start + 4) + 1, next);
    at = next;
  }
  if (body === undefined) throw new TypeError('expected a message with a body, got none');
  return { body, answered: (flags & MORE_TO_COME) === 0, ...(sequence ? { sequence } : {}) };
}

/** Flags, `database.$cmd`, two numbers, the command. */
function parseQuery(message: Buffer): Pick<Request, 'body' | 'database' | 'answered'> {
  const name = HEADER_BYTES + 4;
  const nameEnd = message.indexOf(0, name);
  const database = message.toString('utf8', name, nameEnd).split('.', 1)[0] ?? '';
  const body = nameEnd + 1 + 8;
  return { database, body: message.subarray(body, body + message.readInt32LE(body)), answered: true };
}

let replies = 0;

export function encodeReply({ id, legacy }: Request, document: Uint8Array): Buffer {
  // Legacy: flags, cursor and start are 0, and it is one document. Otherwise: flags, and the kind of the one section.
  const front = Buffer.alloc(legacy ? 20 : 5);
  if (legacy) front.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + front.length + document.length, 0);
  replies = (replies + 1) % 0x7fff_ffff;
  header.writeInt32LE(replies, 4);
  header.writeInt32LE(id, 8);
  header.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, front, document]);
}
