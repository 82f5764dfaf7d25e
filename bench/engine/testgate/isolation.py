"""Keep tests off the network, but leave them the loopback interface."""

from __future__ import annotations

from bench.core.process import run_tool
from bench.engine.measure.client import Isolation
from bench.engine.measure.network import AS_DECLARED, WITH_LOOPBACK


def isolate_tests(network: str) -> Isolation:
    """The first way that this system allows; open where it allows none or the target wants it.

    Many projects' tests talk to a server of their own on 127.0.0.1.
    """
    if network == "host":
        return Isolation((), f"open ({AS_DECLARED})")
    for prefix in WITH_LOOPBACK:
        try:
            if run_tool([*prefix, "true"], timeout_s=10, guarded=False).ok:
                return Isolation(prefix, "cut off (network namespace with a loopback interface)")
        except FileNotFoundError:
            break
    return Isolation((), "open (this system lends no network namespace with a loopback interface)")
