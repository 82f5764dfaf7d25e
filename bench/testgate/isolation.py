"""Keep tests off the network, but leave them the loopback interface."""

from __future__ import annotations

from bench.measure.client import Isolation
from bench.system.process import run_tool

# A new network namespace has its loopback interface down, and many projects' tests talk to a
# server of their own on 127.0.0.1. Bringing it up takes a privilege that a user namespace lends
# (`--keep-caps`); the tests themselves must not have it, or no file would be unreadable for them.
_UP = 'ip link set lo up && exec "$@"'
_UP_AND_DROP = 'ip link set lo up && exec setpriv --inh-caps=-all --ambient-caps=-all -- "$@"'
_WAYS = (
    ("unshare", "--net", "sh", "-c", _UP, "sh"),
    (
        "unshare", "--user", "--map-current-user", "--keep-caps", "--net",
        "sh", "-c", _UP_AND_DROP, "sh",
    ),
)  # fmt: skip


def isolate_tests(network: str) -> Isolation:
    """The first way that this system allows; open where it allows none or the target wants it."""
    if network == "host":
        return Isolation((), 'open (network = "host" in the target\'s file)')
    for prefix in _WAYS:
        try:
            if run_tool([*prefix, "true"], timeout_s=10).ok:
                return Isolation(prefix, "cut off (network namespace with a loopback interface)")
        except FileNotFoundError:
            break
    return Isolation((), "open (this system lends no network namespace with a loopback interface)")
