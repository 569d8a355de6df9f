import { connect } from 'node:net';

/** A server that is starting may accept and say nothing. */
const ANSWER_WITHIN_MS = 500;

/** One round trip on a bare socket: whether what comes back after `send` matches. Without a pattern: whether somebody accepts. */
export const answers = (port: number, send: string | Uint8Array = '', pattern?: RegExp): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const end = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('connect', () => {
      if (pattern === undefined) end(true);
      else if (send.length > 0) socket.write(send);
    });
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (pattern?.test(received)) end(true);
    });
  });
