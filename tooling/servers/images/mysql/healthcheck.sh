#!/bin/bash
# Of the official mariadb image's health check: --connect and --innodb_initialized.
set -e
ask() { mariadb --no-defaults -h 127.0.0.1 -uhealthcheck -phealthcheck -BNe "$1" 2>/dev/null; }
for check in "$@"; do
  case "$check" in
    --connect) ask 'SELECT 1' >/dev/null ;;
    --innodb_initialized)
      [ "$(ask "SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB' AND SUPPORT = 'DEFAULT'")" = 1 ]
      ;;
  esac
done
