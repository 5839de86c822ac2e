#!/bin/sh
# The first process of the machine within the machine: makes what containers start from, and runs a command. It stays,
# since the kernel ends all others with it, and since somebody has to wait for processes whose parents are gone.
#   host.sh <command> [<argument>...]
set -eu
ip link set lo up
# Packets go from one network to another through a container that is in both, and no other way.
echo 0 > /proc/sys/net/ipv4/ip_forward
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/rootfs /run/dev/shm
for device in null zero full random urandom; do
  : > "/run/dev/$device"
  mount --bind "/dev/$device" "/run/dev/$device"
done
ln -s /proc/self/fd /run/dev/fd
ln -s /proc/self/fd/0 /run/dev/stdin
ln -s /proc/self/fd/1 /run/dev/stdout
ln -s /proc/self/fd/2 /run/dev/stderr
# The names that somebody at this machine has written down (README.md of deploy/compose), and no DNS.
mount --bind "$CONTAINERS_STATE/hosts" /etc/hosts
: > "$CONTAINERS_STATE/resolv.conf"
mount --bind "$CONTAINERS_STATE/resolv.conf" /etc/resolv.conf
status=0
"$@" || status=$?
exit "$status"
