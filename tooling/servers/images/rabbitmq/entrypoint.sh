#!/bin/bash
# As the official entry point of rabbitmq: root is dropped. The broker itself reads RABBITMQ_DEFAULT_USER and the like.
set -e
if [[ $1 == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
  if [ "$1" = rabbitmq-server ]; then find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq {} +; fi
  exec gosu rabbitmq "$BASH_SOURCE" "$@"
fi
exec "$@"
