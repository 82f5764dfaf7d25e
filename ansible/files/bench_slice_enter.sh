#!/bin/sh
# bench_slice_enter.sh PID: move a process of the caller's into bench.slice. Runs as root, through
# sudo, for an account that may run nothing else so: it trusts neither its argument nor its caller.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() {
    echo "bench_slice_enter: $1" >&2
    exit 2
}
[ "$#" -eq 1 ] || fail "one process id is wanted"
case $1 in
'' | 0* | *[!0-9]*) fail "not a process id" ;;
esac
owner=$(stat --format=%u "/proc/$1" 2>/dev/null) || fail "there is no process $1"
[ "$owner" = "${SUDO_UID:-$(id -u)}" ] || fail "process $1 is not the caller's"
# A scope that holds this process; systemd forgets it when it is empty.
exec busctl --quiet call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
    org.freedesktop.systemd1.Manager StartTransientUnit 'ssa(sv)a(sa(sv))' \
    "bench-$1.scope" fail \
    3 Slice s bench.slice PIDs au 1 "$1" CollectMode s inactive-or-failed 0
