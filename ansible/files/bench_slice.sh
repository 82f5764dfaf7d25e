#!/bin/sh
# bench-slice COMMAND…: run a command on the CPUs set apart for measuring, in bench.slice.
#
# The process that calls this moves and then becomes the command: same id, user, folder, environment
# and files, and whoever started it can signal it and gets its exit status. Only the moving needs
# root: bench_slice_enter.sh does it, and is all that sudo lets this account run.
set -eu
if [ "$#" -eq 0 ]; then
    echo "usage: bench-slice COMMAND [ARGUMENT…]" >&2
    exit 2
fi
if ! systemctl --quiet is-active bench.slice; then
    echo "bench-slice: bench.slice does not run here; the playbook's pin role makes it." >&2
    exit 2
fi
become=
[ "$(id -u)" -eq 0 ] || become="sudo --non-interactive"
$become /usr/local/lib/bench/bench_slice_enter.sh "$$"
# The call returns before it is done.
tries=0
until grep -q '/bench\.slice/' "/proc/$$/cgroup"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
        echo "bench-slice: systemd did not move this process into bench.slice" >&2
        exit 2
    fi
    sleep 0.01
done
exec "$@"
