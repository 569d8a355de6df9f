#!/bin/bash
# As the official entry points of mysql and mariadb: ROOT_PASSWORD, ALLOW_EMPTY_(ROOT_)PASSWORD, RANDOM_ROOT_PASSWORD,
# ROOT_HOST, DATABASE, USER and PASSWORD, each as MYSQL_NAME or MARIADB_NAME, with _FILE too, and
# /docker-entrypoint-initdb.d.
set -eo pipefail
data=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
if [ "$SERVER" = mariadb ]; then daemon=mariadbd client=mariadb admin=mariadb-admin; else daemon=mysqld client=mysql admin=mysqladmin; fi

say() { echo "$(date -Iseconds) [Note] [Entrypoint]: $*"; }
quote() { local s=${1//\\/\\\\}; printf "'%s'" "${s//\'/\\\'}"; }
setting() { # the value of MARIADB_NAME, MYSQL_NAME, or of the file that NAME_FILE names; empty where there is none
  local name
  for name in "MARIADB_$1" "MYSQL_$1"; do
    local file=${name}_FILE
    if [ -n "${!file:-}" ]; then cat "${!file}"; return; fi
    if [ -n "${!name:-}" ]; then printf %s "${!name}"; return; fi
  done
}

first_statements() {
  local host database user
  host=$(setting ROOT_HOST)
  host=${host:-%}
  database=$(setting DATABASE)
  user=$(setting USER)
  if [ "$host" != localhost ]; then
    echo "CREATE USER 'root'@$(quote "$host") IDENTIFIED BY $(quote "$root_password");"
    echo "GRANT ALL ON *.* TO 'root'@$(quote "$host") WITH GRANT OPTION;"
  fi
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
  if [ -n "$user" ]; then
    echo "CREATE USER $(quote "$user")@'%' IDENTIFIED BY $(quote "$(setting PASSWORD)");"
    if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quote "$user")@'%';"; fi
  fi
  if [ "$SERVER" = mariadb ]; then
    # mariadb-install-db makes these, with no password; a client from 127.0.0.1 would be the first of them, not 'root'@'%'.
    echo "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', 'root'@'$(hostname)';"
    echo "CREATE USER 'healthcheck'@'127.0.0.1' IDENTIFIED BY 'healthcheck';"
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quote "$root_password");"
}

run_init_files() {
  local database file
  database=$(setting DATABASE)
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) say "running $file"; "${sql[@]}" $database <"$file" ;;
      *.sql.gz) say "running $file"; gunzip -c "$file" | "${sql[@]}" $database ;;
    esac
  done
}

make_data() {
  root_password=$(setting ROOT_PASSWORD)
  if [ -z "$root_password" ] && [ -n "$(setting RANDOM_ROOT_PASSWORD)" ]; then
    root_password=$(openssl rand -base64 24)
    say "GENERATED ROOT PASSWORD: $root_password"
  elif [ -z "$root_password$(setting ALLOW_EMPTY_PASSWORD)$(setting ALLOW_EMPTY_ROOT_PASSWORD)" ]; then
    echo 'Database is uninitialized and password option is not specified' >&2
    exit 1
  fi
  say 'Initializing database files'
  local quiet=(--skip-networking --socket=$socket --skip-log-bin)
  if [ "$SERVER" = mariadb ]; then
    mariadb-install-db --datadir=$data --rpm --auth-root-authentication-method=normal --skip-test-db >/dev/null
  else
    "$@" --initialize-insecure --datadir=$data
    quiet+=(--mysqlx=OFF)
  fi
  # On the Unix socket alone, so that whoever probes the port sees no server that is about to stop again.
  say 'Starting temporary server'
  "$@" "${quiet[@]}" &
  local pid=$!
  until $admin --no-defaults --protocol=socket -uroot --socket=$socket ping >/dev/null 2>&1; do
    kill -0 $pid
    sleep 0.1
  done
  sql=($client --no-defaults --protocol=socket -uroot --socket=$socket --comments)
  first_statements | "${sql[@]}" mysql
  if [ -n "$root_password" ]; then sql+=("-p$root_password"); fi
  run_init_files
  say 'Stopping temporary server'
  kill $pid
  wait $pid
  say "$SERVER init process done. Ready for start up."
}

if [ $# = 0 ] || [ "${1:0:1}" = - ]; then set -- $daemon "$@"; fi
case " $* " in *' --version '* | *' -V '* | *' --help '* | *' -? '*) exec "$@" ;; esac
if [ "$1" != mysqld ] && [ "$1" != mariadbd ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  find $data /var/run/mysqld \! -user mysql -exec chown mysql:mysql {} +
  exec gosu mysql "$BASH_SOURCE" "$@"
fi
if [ ! -d $data/mysql ]; then make_data "$@"; fi
exec "$@"
