#!/bin/sh
# pg_isready, which the bundled Postgres comes without: PQping() of its libpq, whose answer is the exit status.
host='' user='' database=''
while [ $# -gt 0 ]; do
  case $1 in
    --host=*) host=${1#*=} ;;
    --username=*) user=${1#*=} ;;
    --dbname=*) database=${1#*=} ;;
    --host) host=$2; shift ;;
    --username) user=$2; shift ;;
    --dbname) database=$2; shift ;;
    --quiet) ;;
    *) echo "pg_isready: unknown: $1" >&2; exit 3 ;;
  esac
  shift
done
exec python -ISc '
import ctypes, sys
libpq = ctypes.CDLL("/opt/postgresql/lib/libpq.so.5")
sys.exit(libpq.PQping(sys.argv[1].encode()))' "host=$host user=$user dbname=$database connect_timeout=3"
