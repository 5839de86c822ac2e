#!/bin/sh
# What start.py of Synapse's image does in mode "run" for a user who is set from outside: with the user's own id in UID
# and GID it changes neither owners nor user, and becomes Synapse with the arguments behind "run".
set -eu
[ "${1:-run}" = run ] || { echo "Unknown execution mode '$1'" >&2; exit 1; }
# A variable of the environment, as in the image.
# shellcheck disable=SC3028
[ "${UID:-$(id -u)}:${GID:-$(id -g)}" = "$(id -u):$(id -g)" ] || { echo "start.py would need gosu" >&2; exit 1; }
[ $# -eq 0 ] || shift
case "$*" in
  *--config-path*) ;;
  *) set -- "$@" --config-path "${SYNAPSE_CONFIG_PATH:-${SYNAPSE_CONFIG_DIR:-/data}/homeserver.yaml}" ;;
esac
exec python -m "${SYNAPSE_WORKER:-synapse.app.homeserver}" "$@"
