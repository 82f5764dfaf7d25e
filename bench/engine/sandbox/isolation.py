"""How measured processes are kept to themselves: what this system allows, in words and commands."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from bench.core.process import run_tool
from bench.core.workspace import Workspace
from bench.engine.machine.pinning import Slice
from bench.engine.sandbox.access import Access
from bench.engine.sandbox.bubblewrap import Sandbox, find_sandbox

_CUT_OFF = "cut off (network namespace)"
_USER = ("--user", "--map-current-user", "--keep-caps")
PYTHON = (sys.executable, "-I", "-S")
# A namespace with a loopback interface: as root, and as anybody else. A command goes behind it.
WITH_LOOPBACK = tuple(
    ("unshare", *user, "--net", *PYTHON, str(Path(__file__).with_name("loopback.py")))
    for user in ((), _USER)
)


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What stands before a measured process.

    `enter` goes first of all: into a slice, or into the network of a session's services, which then
    is the `sandbox`'s as well (`shares_network`). Without a sandbox `enter` is all there is, and
    `missing` says why. `network` and `slice` are for people and for the manifest.
    """

    enter: tuple[str, ...] = ()
    sandbox: Sandbox | None = None
    shares_network: bool = False
    network: str
    missing: str = ""
    slice: str = ""

    def around(self, access: Access) -> tuple[str, ...]:
        """The command that goes before one whose process has this access."""
        if self.sandbox is None:
            return self.enter
        return (*self.enter, *self.sandbox.prefix(access, network=self.shares_network))

    def inside(self, apart: Slice | None) -> Isolation:
        """The same for processes that run in a slice of their own, where there is one."""
        if apart is None:
            return self
        return replace(self, enter=(*apart.prefix, *self.enter), slice="bench.slice")

    @property
    def owner(self) -> int | None:
        """The account of sandboxed processes, to whom their folders have to belong."""
        return self.sandbox.owner if self.sandbox else None

    @property
    def is_open(self) -> bool:
        """Whether processes can reach the network."""
        return self.network.startswith("open")

    @property
    def description(self) -> str:
        """What is kept apart besides the network, or why nothing is."""
        if self.sandbox is None:
            return f"not sandboxed: {self.missing}"
        return self.sandbox.description


def isolate(workspace: Workspace, *, open_because: str = "", bare_because: str = "") -> Isolation:
    """The best this system allows: a sandbox, a network namespace, or nothing at all.

    With `open_because` the network is not cut off, with `bare_because` there is no sandbox, each
    for that reason.
    """
    found = bare_because or find_sandbox(workspace)
    sandbox = None if isinstance(found, str) else found
    missing = found if isinstance(found, str) else ""
    if open_because:
        network = f"open ({open_because})"
        return Isolation(sandbox=sandbox, shares_network=True, network=network, missing=missing)
    if sandbox is not None:
        return Isolation(sandbox=sandbox, network=_CUT_OFF)
    prefix = _network_namespace()
    network = _CUT_OFF if prefix else "open (this system lends no network namespace)"
    return Isolation(enter=prefix, network=network, missing=missing)


@functools.cache
def _network_namespace() -> tuple[str, ...]:
    for prefix in (*WITH_LOOPBACK, ("unshare", "--net")):
        try:
            if run_tool([*prefix, "true"], timeout_s=10, guarded=False).ok:
                return prefix
        except FileNotFoundError:
            break
    return ()
