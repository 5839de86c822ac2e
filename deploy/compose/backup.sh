#!/bin/sh
# Backs up one organisation and restores it: databases, secrets, registrations, media. Meant for the image of Postgres,
# which has all that it calls. When to use what, and in which order: docs/operations/backup.md.
set -eu
umask 077

usage() {
  cat >&2 <<'USAGE'
Usage: backup.sh create ARCHIVE
       backup.sh check ARCHIVE
       backup.sh restore-files ARCHIVE [--overwrite]
       backup.sh restore-databases ARCHIVE [--overwrite] [--queue-kept]

Environment: DATA, the organisation's folder; FOLDERS, what is kept of it; BRIDGE_DATABASE and SYNAPSE_DATABASE, connection
strings without a password (one that is not set is left out), and BRIDGE_PASSWORD_FILE and SYNAPSE_PASSWORD_FILE; REWIND,
how far back changes of the record are read again (24 hours).
USAGE
  exit 2
}

fail() {
  printf 'backup: %s\n' "$*" >&2
  exit 1
}

# A place for what is between archive and database, gone at the end whatever happens.
begin() {
  work=$(mktemp -d "$(dirname "$archive")/.backup-XXXXXX")
  trap 'rm -rf "$work" "$archive.part"' EXIT
  trap 'exit 130' HUP INT TERM
}

# The connection to a database, in $target. The password goes by a file: others see what a command is called with.
connect() {
  case $1 in
    bridge) target=${BRIDGE_DATABASE:-} secret=${BRIDGE_PASSWORD_FILE:-} ;;
    *) target=${SYNAPSE_DATABASE:-} secret=${SYNAPSE_PASSWORD_FILE:-} ;;
  esac
  [ -n "$target" ] || return 1
  [ -n "$secret" ] || return 0
  [ -r "$secret" ] || fail "$secret cannot be read"
  printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$secret")" >"$work/$1.pgpass"
  target="$target passfile='$work/$1.pgpass'"
}

dump() {
  pg_dump --no-password --format=custom --no-owner --no-privileges "$@" "$target"
}

query() {
  psql --no-password --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$target" "$@"
}

# The bridge's first: of what happens in between, the homeserver then knows more than the bridge, which finds it out.
create() {
  [ ! -e "$archive" ] || fail "$archive is there already"
  [ -d "$DATA/secrets" ] || fail "$DATA/secrets is not there"
  begin
  if connect bridge; then dump --file="$work/bridge.dump"; fi
  # Keys that clients have published for one use each: those that are used by now must not be given out again.
  if connect synapse; then dump --exclude-table-data=e2e_one_time_keys_json --file="$work/synapse.dump"; fi
  (cd "$work" && sha256sum ./*.dump >checksums) || fail 'no database: set BRIDGE_DATABASE'
  set -- -C "$work" checksums
  for each in bridge.dump synapse.dump; do [ ! -e "$work/$each" ] || set -- "$@" "$each"; done
  set -- "$@" -C "$DATA"
  for each in $FOLDERS; do [ ! -e "$DATA/$each" ] || set -- "$@" "$each"; done
  # 1: a file came while its folder was read. Media are there before the database tells of them, and never change.
  tar --create --file="$archive.part" "$@" || [ $? -eq 1 ]
  mv "$archive.part" "$archive"
  printf '%s: made, for its owner alone to read\n' "$archive"
}

# Takes the dumps out, and finds out whether they are whole.
unpack() {
  [ -r "$archive" ] || fail "$archive cannot be read"
  begin
  tar --extract --file="$archive" --directory="$work" --wildcards --anchored --no-wildcards-match-slash \
    checksums '*.dump' || fail "$archive is no backup, or not a whole one"
  (cd "$work" && sha256sum --check --quiet checksums) || fail "$archive was changed, or is not whole"
  for each in "$work"/*.dump; do pg_restore --list "$each" >/dev/null; done
}

restore_files() {
  tar --list --file="$archive" >"$work/names"
  while IFS= read -r name; do
    case $name in checksums | bridge.dump | synapse.dump | */) continue ;; esac
    [ ! -e "$DATA/$name" ] || printf '%s\n' "$name"
  done <"$work/names" >"$work/there"
  [ "$overwrite" = yes ] || [ ! -s "$work/there" ] ||
    fail "$DATA has such files already, as $(head -n 1 "$work/there"): --overwrite replaces them"
  tar --extract --preserve-permissions --file="$archive" --directory="$DATA" --anchored \
    --exclude=checksums --exclude=bridge.dump --exclude=synapse.dump
  printf 'restored: files below %s\n' "$DATA"
}

# Looks at both before it changes one.
restore_databases() {
  for name in bridge synapse; do
    connect "$name" || continue
    [ -e "$work/$name.dump" ] || fail "$archive has no $name.dump"
    tables=$(query --command="SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'")
    [ "$overwrite" = yes ] || [ "$tables" = 0 ] ||
      fail "the database of $name has $tables tables already: --overwrite replaces all of them"
  done
  for name in bridge synapse; do
    connect "$name" || continue
    [ "$overwrite" = no ] || query --single-transaction --command='SET client_min_messages = warning' \
      --command='DROP SCHEMA public CASCADE' --command='CREATE SCHEMA public'
    pg_restore --no-password --exit-on-error --single-transaction --no-owner --no-privileges \
      --dbname="$target" "$work/$name.dump"
    [ "$name:$queue" != bridge:lost ] || forget_queue
    printf 'restored: the database of %s\n' "$name"
  done
}

# What waited in the queue is gone with it. What had been read of the record is read again, and what is done already
# changes nothing; and no conversation waits behind dead letters that are not there any more.
forget_queue() {
  query --single-transaction --set=rewind="$REWIND" --file=- <<'SQL'
UPDATE notification_cursor SET last_updated = last_updated - CAST(:'rewind' AS interval);
DELETE FROM parked_conversation;
SQL
}

[ $# -ge 2 ] || usage
command=$1 archive=$2 overwrite=no queue=lost
shift 2
for option; do
  case $option in --overwrite) overwrite=yes ;; --queue-kept) queue=kept ;; *) usage ;; esac
done
DATA=$(cd "${DATA:-/data}" && pwd)
FOLDERS=${FOLDERS:-secrets registrations synapse state/synapse/media}
REWIND=${REWIND:-24 hours}
case $command in
  create) create ;;
  check) unpack ;;
  restore-files) unpack; restore_files ;;
  restore-databases) unpack; restore_databases ;;
  *) usage ;;
esac
