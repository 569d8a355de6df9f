import type { Socket } from 'node:net';

/** Not node:readline, for which U+2028 ends a line too; JSON leaves it as it is. */
export function onMessages<T>(socket: Socket, receive: (message: T) => void): void {
  let parts: string[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const [first = '', ...more] = text.split('\n');
    parts.push(first);
    for (const part of more) {
      const line = parts.join('');
      parts = [part];
      try {
        receive(JSON.parse(line));
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
    }
  });
}

export const send = (socket: Socket, message: object): void => {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
};
