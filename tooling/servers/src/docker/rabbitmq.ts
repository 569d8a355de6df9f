import { RabbitMQContainer } from '@testcontainers/rabbitmq';
import { type Recipe, settings } from './recipe.ts';

export const rabbitmq: Recipe = {
  image: 'rabbitmq',
  title: 'RabbitMQ',
  port: 5672,
  container: (image, config) =>
    new RabbitMQContainer(image).withCopyContentToContainer([
      {
        target: '/etc/rabbitmq/conf.d/90-test.conf',
        content: settings(config, (name, value) => [`${name} = ${value}\n`]).join(''),
        mode: 0o644,
      },
    ]),
  ask: ['sh', '-c', 'rabbitmq-diagnostics --quiet check_port_listener 5672 >/dev/null && rabbitmqctl version'],
  version: /^(\d[\d.]+)/m,
  url: (address) => `amqp://guest:guest@${address}/`,
};
