#!/bin/sh
# As the official entry points of redis and valkey: options alone are options of the server, root is dropped, and other
# hosts may connect without a password (there a patch of the source, here an option).
set -e
case "$1" in
  -* | *.conf) set -- "$SERVER-server" "$@" ;;
esac
case "$(basename "$1")" in
  *-server | *-sentinel)
    case " $* " in
      *' --protected-mode '* | *' --version '* | *' -v '* | *' --help '* | *' -h '*) ;;
      *) set -- "$@" --protected-mode no ;;
    esac
    if [ "$(id -u)" = 0 ]; then
      find . \! -user "$SERVER" -exec chown "$SERVER:$SERVER" {} +
      exec gosu "$SERVER" "$@"
    fi
    ;;
esac
exec "$@"
