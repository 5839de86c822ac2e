#!/bin/sh
# Becomes a container: puts its file system together as a plan says, and runs its program there.
#   container.sh <plan> <program> [<argument>...]
# It is root in mount, process, UTS and IPC namespaces of its own and in the network namespace of the container. The
# environment is the container's: programs are called by their paths. Fields of the plan are separated by tabs.
set -eu
plan=$1
shift
root=/run/rootfs
/usr/bin/mount -t tmpfs -o mode=755 tmpfs $root
/usr/bin/mkdir -p $root/.container/host

point() { # <source> <path>: a place to mount a folder or a file at
  if [ -d "$1" ]; then
    [ -d "$root$2" ] || /usr/bin/mkdir -p "$root$2"
  elif [ ! -e "$root$2" ]; then
    [ -d "$root${2%/*}" ] || /usr/bin/mkdir -p "$root${2%/*}"
    : > "$root$2"
  fi
}

while IFS='	' read -r what one two three; do
  case $what in
    folder)
      # The mode is meant for the deepest one.
      # shellcheck disable=SC2174
      /usr/bin/mkdir -p -m "$two" "$root$one"
      ;;
    bind)
      point "$one" "$two"
      if [ "$three" = ro ]; then
        /usr/bin/mount --bind -o ro "$one" "$root$two"
      else
        /usr/bin/mount --bind "$one" "$root$two"
      fi
      ;;
    tmpfs)
      point / "$one"
      /usr/bin/mount -t tmpfs -o "$two" tmpfs "$root$one"
      ;;
    link)
      [ -d "$root${two%/*}" ] || /usr/bin/mkdir -p "$root${two%/*}"
      /usr/bin/ln -s "$one" "$root$two"
      ;;
    devices)
      point / /dev
      /usr/bin/mount --rbind /run/dev "$root/dev"
      ;;
    processes)
      point / /proc
      /usr/bin/mount -t proc proc "$root/proc"
      ;;
    sysctl) echo "$two" > "/proc/sys/$one" ;;
    hostname) /usr/bin/hostname "$one" ;;
    read-only) /usr/bin/mount -o remount,ro tmpfs $root ;;
    *)
      echo "container.sh: the plan says $what, which is not known" >&2
      exit 125
      ;;
  esac
done < "$plan"
# Not chroot: of whoever is in one, the kernel refuses a user namespace.
cd $root
/usr/sbin/pivot_root . .container/host
cd /
/.container/umount -l /.container/host
exec "$@"
