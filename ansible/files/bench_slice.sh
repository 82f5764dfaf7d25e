#!/bin/sh
# bench-slice COMMAND…: run a command on the CPUs set apart for measuring, in bench.slice.
# Same user, folder, environment, input and output; its exit status is the command's.
set -eu
if [ "$#" -eq 0 ]; then
    echo "usage: bench-slice COMMAND [ARGUMENT…]" >&2
    exit 2
fi
if ! systemctl --quiet is-active bench.slice; then
    echo "bench-slice: bench.slice does not run here; the playbook's pin role makes it." >&2
    exit 2
fi
user=$(id -u)
group=$(id -g)
[ "$user" -eq 0 ] && exec systemd-run --quiet --scope --slice=bench.slice -- "$@"
exec sudo --non-interactive --preserve-env systemd-run --quiet --scope --slice=bench.slice \
    --uid="$user" --gid="$group" -- env "PATH=$PATH" "HOME=$HOME" "USER=$(id -un)" "LOGNAME=$(id -un)" "$@"
