#!/bin/sh
# What docker-entrypoint.sh of Postgres' image does when it is not root: makes the cluster and the database where there
# are none, lets others in by password only, and becomes the server, which listens everywhere.
set -eu
[ "$1" = postgres ] || exec "$@"
shift
user=${POSTGRES_USER:-postgres}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 00700 "$PGDATA"
  [ -s "${POSTGRES_PASSWORD_FILE:?}" ] || { echo 'the password is empty' >&2; exit 1; }
  # Its options are words, as in the image.
  # shellcheck disable=SC2086
  initdb -D "$PGDATA" --username="$user" --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  if [ "${POSTGRES_DB:-$user}" != postgres ]; then
    echo "CREATE DATABASE \"${POSTGRES_DB:-$user}\"" | postgres --single -D "$PGDATA" postgres
  fi
fi
exec postgres -D "$PGDATA" -c 'listen_addresses=*' -c unix_socket_directories=/var/run/postgresql "$@"
