import { connect as connectTo } from 'amqplib';
import { type Connect, lifecycle } from './lifecycle.ts';

/** Survives a crash of the broker. */
const QUEUE = 'lifecycle';
const DURABLE = { durable: true, persistent: true };

const connect: Connect = async ({ url }) => {
  const connection = await connectTo(url, { timeout: 10_000 });
  connection.on('error', () => {}); // the call says so too
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return {
    async write(value) {
      await channel.assertQueue(QUEUE, DURABLE);
      await channel.purgeQueue(QUEUE);
      channel.sendToQueue(QUEUE, Buffer.from(value), DURABLE);
      await channel.waitForConfirms();
    },
    async read() {
      const message = await channel.get(QUEUE);
      if (!message) return '';
      channel.nack(message, false, true);
      return message.content.toString();
    },
    close: () => connection.close(),
  };
};

// A broker that is killed within two seconds after a queue was declared forgets the queue.
await lifecycle('rabbitmq', { connect, version: /^RabbitMQ \d+\.\d+\.\d+$/, lossMs: 2_500 });
