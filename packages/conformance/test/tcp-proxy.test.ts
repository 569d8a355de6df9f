import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { tcpProxy } from '../src/tcp-proxy.js';
import { echo, setting } from './sockets.js';

/** Long enough for local sockets on a busy machine; only what fails waits so long. */
const within = { timeout: 20_000, interval: 2 };
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, within);
/** For what must not happen. */
const quiet = (): Promise<void> => sleep(40);

describe('a healthy link', () => {
  it('forwards both ways and counts connections and attempts', async () => {
    const { proxy, dial } = await setting(echo);
    expect([proxy.connections(), proxy.attempts()]).toEqual([0, 0]);
    const [a, b] = [await dial(), await dial()];
    a.socket.write('from a');
    b.socket.write('from b');
    await eventually(() => expect([a.text(), b.text()]).toEqual(['from a', 'from b']));
    expect([proxy.connections(), proxy.attempts()]).toEqual([2, 2]);
    a.socket.destroy();
    await eventually(() => expect([proxy.connections(), proxy.attempts()]).toEqual([1, 2]));
  });

  it('hands on the end of either direction and leaves the other open', async () => {
    const { accepted, dial, proxy } = await setting();
    const client = await dial();
    client.socket.end('last words');
    await eventually(() => expect(accepted[0]?.events).toEqual(['end']));
    expect(accepted[0]?.text()).toBe('last words');
    accepted[0]?.socket.write('answered all the same');
    await eventually(() => expect(client.text()).toBe('answered all the same'));
    accepted[0]?.socket.end();
    await eventually(() => expect(client.events).toEqual(['end', 'close']));
    await eventually(() => expect(proxy.connections()).toBe(0));
  });

  it('hands on a reset', async () => {
    const { accepted, dial } = await setting(echo);
    const client = await dial();
    client.socket.write('x');
    await eventually(() => expect(client.text()).toBe('x'));
    accepted[0]?.socket.resetAndDestroy();
    await eventually(() => expect(client.events).toEqual(['ECONNRESET', 'close']));
  });

  it('makes a sender wait for a receiver that does not read, and loses nothing', async () => {
    const { accepted, dial } = await setting((socket) => socket.pause());
    const { socket } = await dial();
    const sent = Buffer.alloc(64 * 2 ** 20, 'abcdefg');
    let isFlushed = false;
    socket.end(sent, () => {
      isFlushed = true;
    });
    await quiet();
    expect(isFlushed).toBe(false);
    accepted[0]?.socket.resume();
    await eventually(() => expect(accepted[0]?.events).toEqual(['end']));
    expect(Buffer.from(accepted[0]?.text() ?? '').equals(sent)).toBe(true);
  });
});

describe('cut', () => {
  it('resets both ends of every connection, and new ones can be made', async () => {
    const { proxy, accepted, dial } = await setting(echo);
    const [a, b] = [await dial(), await dial()];
    await eventually(() => expect(accepted).toHaveLength(2));
    await proxy.cut();
    expect(proxy.connections()).toBe(0);
    for (const end of [a, b, ...accepted]) {
      await eventually(() => expect(end.events).toEqual(['ECONNRESET', 'close']));
    }
    const again = await dial();
    again.socket.write('x');
    await eventually(() => expect(again.text()).toBe('x'));
  });

  it('resets a connection whose receiver does not read', async () => {
    const { proxy, accepted, dial } = await setting((socket) => socket.pause());
    const client = await dial();
    client.socket.write(Buffer.alloc(32 * 2 ** 20));
    await quiet();
    await proxy.cut();
    await eventually(() => expect(client.events).toEqual(['ECONNRESET', 'close']));
    accepted[0]?.socket.resume();
    await eventually(() => expect(accepted[0]?.events).toContain('close'));
  });

  it('refuses new connections until heal, and counts them', async () => {
    const { proxy, accepted, dial } = await setting(echo);
    await proxy.cut({ refuse: true });
    for (let i = 1; i <= 3; i += 1) {
      const refused = await dial();
      await eventually(() => expect(refused.events).toEqual(['ECONNRESET', 'close']));
      expect([proxy.connections(), proxy.attempts(), accepted.length]).toEqual([0, i, 0]);
    }
    await proxy.heal();
    const { socket, text } = await dial();
    socket.write('x');
    await eventually(() => expect(text()).toBe('x'));
  });
});

describe('a blackhole', () => {
  it('holds back what is sent on old and new connections, and heal lets it through', async () => {
    const { proxy, accepted, dial } = await setting(echo);
    const old = await dial();
    old.socket.write('1');
    await eventually(() => expect(old.text()).toBe('1'));
    await proxy.blackhole();
    const fresh = await dial();
    old.socket.write('2');
    fresh.socket.write('3');
    await quiet();
    expect([old.text(), fresh.text(), accepted[0]?.text()]).toEqual(['1', '', '1']);
    expect([old.events, fresh.events, proxy.connections()]).toEqual([[], [], 2]);
    await proxy.heal();
    await eventually(() => expect([old.text(), fresh.text()]).toEqual(['12', '3']));
  });

  it('does not count a client that hung up, and tells its server after heal', async () => {
    const { proxy, accepted, dial } = await setting();
    const [hangsUp, resets] = [await dial(), await dial()];
    await eventually(() => expect(accepted).toHaveLength(2));
    await proxy.blackhole();
    hangsUp.socket.destroy();
    resets.socket.resetAndDestroy();
    await eventually(() => expect(proxy.connections()).toBe(0));
    await quiet();
    expect(accepted.map(({ events }) => events)).toEqual([[], []]);
    await proxy.heal();
    await eventually(() => expect(accepted.map(({ events }) => events[0])).toEqual(['end', 'ECONNRESET']));
  });
});

describe('cutAfter', () => {
  it('lets exactly 4 of 8 bytes of the replies through', async () => {
    const { proxy, accepted, dial } = await setting(echo);
    const client = await dial();
    await proxy.cutAfter(4);
    client.socket.write('12345678');
    await eventually(() => expect(client.events).toEqual(['ECONNRESET', 'close']));
    expect([client.text(), accepted[0]?.text()]).toEqual(['1234', '12345678']);
  });

  it('lets exactly 4 of 8 bytes of the requests through', async () => {
    const { proxy, accepted, dial } = await setting();
    const [client, other] = [await dial(), await dial()];
    await eventually(() => expect(accepted).toHaveLength(2));
    await proxy.cutAfter(4, 'requests');
    client.socket.write('12');
    client.socket.write('345678');
    await eventually(() => expect(accepted[0]?.events).toEqual(['ECONNRESET', 'close']));
    expect([accepted[0]?.text(), accepted[1]?.text()]).toEqual(['1234', '']);
    await eventually(() => expect(other.events).toEqual(['ECONNRESET', 'close']));
  });

  it('cuts at the byte after those allowed, once, and not before', async () => {
    const { proxy, dial } = await setting(echo);
    const client = await dial();
    await proxy.cutAfter(4);
    client.socket.write('1234');
    await eventually(() => expect(client.text()).toBe('1234'));
    await quiet();
    expect(client.events).toEqual([]);
    client.socket.write('5');
    await eventually(() => expect(client.events).toEqual(['ECONNRESET', 'close']));
    const next = await dial();
    next.socket.write('12345678');
    await eventually(() => expect(next.text()).toBe('12345678'));
  });

  it('is taken back by heal', async () => {
    const { proxy, dial } = await setting(echo);
    const client = await dial();
    await proxy.cutAfter(0);
    await proxy.heal();
    client.socket.write('1');
    await eventually(() => expect(client.text()).toBe('1'));
  });
});

describe('latency', () => {
  it('delays each way and keeps the order of bytes and of the end', async () => {
    const { proxy, dial } = await setting(echo);
    const { socket, text, events } = await dial();
    await proxy.latency(30);
    const started = performance.now();
    for (const part of ['a', 'b', 'c', 'd']) {
      socket.write(part);
      await new Promise(setImmediate);
    }
    socket.end();
    await proxy.latency(15);
    await eventually(() => expect(events).toEqual(['end', 'close']));
    expect(text()).toBe('abcd');
    // Timers may fire a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(30 + 15 - 2);
  });

  it('ends for what is under way when healed', async () => {
    const { proxy, dial } = await setting(echo);
    const { socket, text } = await dial();
    await proxy.latency(60_000);
    socket.write('a');
    await quiet();
    await proxy.heal();
    await eventually(() => expect(text()).toBe('a'));
  });
});

describe('the end of a proxy', () => {
  it('resets what is open and leaves no listener and no socket', async () => {
    const sockets = (): string[] => process.getActiveResourcesInfo().filter((type) => type.startsWith('TCP'));
    await eventually(() => expect(sockets()).toEqual([]));
    const { accepted, dial, proxy } = await setting(echo);
    const client = await dial();
    await proxy.latency(60_000);
    client.socket.write('never arrives');
    await eventually(() => expect(accepted).toHaveLength(1));
    await proxy.close();
    await proxy.close();
    await eventually(() => expect(client.events).toEqual(['ECONNRESET', 'close']));
    await eventually(() => expect(accepted[0]?.events).toContain('close'));
    // Left: the test's own server.
    await eventually(() => expect(sockets()).toEqual(['TCPServerWrap']));
    expect((await dial()).events).toEqual(['ECONNREFUSED', 'close']);
  });

  it('comes to a client whose server cannot be reached as a reset', async () => {
    const nowhere = await setting();
    const { port } = nowhere.proxy;
    await nowhere.proxy.close();
    const proxy = await tcpProxy({ host: '127.0.0.1', port });
    const socket = connect(proxy.port, proxy.host);
    await expect(once(socket, 'close')).rejects.toThrow('ECONNRESET');
    await proxy.close();
  });
});

describe('the end of a link', () => {
  it('leaves no socket behind, also of connections that either side had half closed', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await eventually(() => expect(sockets()).toBe(0));
    const { accepted, dial, proxy } = await setting();
    const [a, b] = [await dial(), await dial()];
    await eventually(() => expect(accepted).toHaveLength(2));
    a.socket.end('bye');
    accepted[1]?.socket.end('bye');
    await eventually(() => expect(b.events).toEqual(['end']));
    await proxy.close();
    for (const { socket } of [a, b, ...accepted]) socket.destroy();
    await eventually(() => expect(sockets()).toBe(0));
  });
});
