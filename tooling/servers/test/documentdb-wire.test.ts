import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { codeOfPacked, errorDocument } from '../src/documentdb/command-error.ts';
import { encodeReply, messageReader, parseRequest } from '../src/documentdb/wire.ts';

const BODY = BSON.serialize({ insert: 'tasks', $db: 'celery' });
const DOCUMENTS = Buffer.concat([BSON.serialize({ _id: 1 }), BSON.serialize({ _id: 2 })]);

/** As drivers send it: a body and the documents of an insert beside it. */
function insertMessage(flags = 0): Buffer {
  const name = Buffer.from('documents\0');
  const size = Buffer.alloc(4);
  size.writeInt32LE(4 + name.length + DOCUMENTS.length);
  const sections = Buffer.concat([Buffer.of(0), BODY, Buffer.of(1), size, name, DOCUMENTS]);
  const checksum = Buffer.alloc(flags & 1 ? 4 : 0, 0xff);
  const message = Buffer.concat([Buffer.alloc(20), sections, checksum]);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(7, 4);
  message.writeInt32LE(2013, 12);
  message.writeUInt32LE(flags, 16);
  return message;
}

describe('the wire protocol of MongoDB', () => {
  it('gives whole messages however they were cut on the way', () => {
    const message = insertMessage();
    const sent = Buffer.concat([message, message, message]);
    for (const step of [1, 3, 16, message.length, message.length + 5, sent.length]) {
      const read = messageReader();
      const parts = Array.from({ length: Math.ceil(sent.length / step) }, (_, i) =>
        sent.subarray(i * step, (i + 1) * step),
      );
      expect(
        parts.flatMap((part) => read(part)).map((each) => each.equals(message)),
        `${step}`,
      ).toEqual([true, true, true]);
    }
  });

  it('refuses a length that no message has, before it waits for so many bytes', () => {
    expect(() => messageReader()(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(
      /expected a message of 16 to 48000000 bytes/,
    );
    expect(() => messageReader()(Buffer.of(1, 0, 0, 0))).toThrow(RangeError);
  });

  it('keeps body and documents as they came, with a checksum or without', () => {
    for (const flags of [0, 1]) {
      const { id, body, sequence, answered } = parseRequest(insertMessage(flags));
      expect({ id, answered }).toEqual({ id: 7, answered: true });
      expect(Buffer.from(body).equals(BODY)).toBe(true);
      expect(Buffer.from(sequence ?? []).equals(DOCUMENTS)).toBe(true);
    }
  });

  it('answers no message that wants no answer', () => {
    expect(parseRequest(insertMessage(2)).answered).toBe(false);
  });

  it('names the request in the answer, which is one document', () => {
    const document = BSON.serialize({ ok: 1 });
    const reply = encodeReply(parseRequest(insertMessage()), document);
    expect(reply.readInt32LE(0)).toBe(reply.length);
    expect(reply.readInt32LE(8)).toBe(7);
    expect(Buffer.from(parseRequest(reply).body).equals(document)).toBe(true);
  });
});

describe('an error of the engine', () => {
  const failed = (code: string) => errorDocument(Object.assign(new Error('no'), { code }));

  it.each([
    // The ordinal 48, in base 36.
    ['of its own, a duplicate key', 'M001C', 11_000],
    ['of PostgreSQL, a duplicate key', '23505', 11_000],
    ['a deadlock', '40P01', 112],
    ['a shutdown', '57P01', 91],
    ['that is not known here', 'M0ZZZ', 1],
    ['of the connection to it', 'ECONNREFUSED', 6],
  ])('%s has the code that MongoDB has', (_, state, code) => {
    expect(failed(state)).toMatchObject({ ok: 0, code });
  });

  it('in an answer is a packed number, where it is not a code of MongoDB', () => {
    const packed = [...'M001C'].reduce((sum, each, i) => sum + (each.charCodeAt(0) - 0x30) * 64 ** i, 0);
    expect(codeOfPacked(packed)).toBe(11_000);
    expect([11_000, 85, 40_415].map(codeOfPacked)).toEqual([11_000, 85, 40_415]);
  });
});
