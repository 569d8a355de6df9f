#!/bin/bash
# As the official entry point of postgres: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS and
# POSTGRES_HOST_AUTH_METHOD (each also as NAME_FILE), and /docker-entrypoint-initdb.d.
set -eo pipefail

setting() { # NAME [default]: exports NAME, taken from the file that NAME_FILE names where there is one
  local name=$1 file=$1_FILE
  if [ -n "${!file:-}" ]; then
    export "$name=$(<"${!file}")"
  elif [ -z "${!name:-}" ]; then
    export "$name=${2:-}"
  fi
}

make_cluster() {
  local password auth
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  # Split as a shell would: the variable holds several options.
  eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=\"\$password\" $POSTGRES_INITDB_ARGS"
  rm -f "$password"
  auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  printf '\nhost all all all %s\n' "$auth" >>"$PGDATA/pg_hba.conf"
}

run_init_files() {
  local sql=(psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
  local exists="select 1 from pg_database where datname = '${POSTGRES_DB//\'/\'\'}'"
  if [ "$("${sql[@]}" --dbname postgres -tAc "$exists")" != 1 ]; then
    "${sql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) "${sql[@]}" --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${sql[@]}" --dbname "$POSTGRES_DB" ;;
    esac
  done
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
case " $* " in *' --version '* | *' -V '* | *' --help '* | *' -? '*) exec "$@" ;; esac
if [ "$1" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres {} +
  exec gosu postgres "$BASH_SOURCE" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  setting POSTGRES_PASSWORD
  setting POSTGRES_USER postgres
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS
  if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD).' >&2
    exit 1
  fi
  make_cluster
  # On the Unix socket alone, so that whoever probes the port sees no server that is about to stop again.
  export PGPASSWORD=$POSTGRES_PASSWORD
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p 5432)" -w start
  run_init_files
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
else
  printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
fi
exec "$@"
