"""What a build may see and write to: its own folders, and what packages come from.

It may write to uv's cache as well, but the cache does not change: what lies there is installed into
other environments, and a build could put an altered package in the place of a good one. What was
downloaded meanwhile is asked for again outside of the sandbox, without running any of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.process import run_tool
from bench.core.scratch import scratch_folder
from bench.core.workspace import Workspace
from bench.engine.environments.uv import run_uv, uv_cache
from bench.engine.sandbox.access import Access, Covered, python_folders
from bench.engine.sandbox.bubblewrap import Sandbox, find_sandbox

# How names are looked up is said by files that links in /etc may lead to.
_NAMES = tuple(Path("/run") / one for one in ("systemd/resolve", "NetworkManager", "resolvconf"))
_PATHS = ("UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
          "UV_PYTHON_INSTALL_DIR", "PYENV_ROOT", "RUSTUP_HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE",
          "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME")  # fmt: skip
# Where uv notes a wheel that it has from an index: NAME/VERSION-PYTHON-ABI-PLATFORM.http
_DOWNLOADED = "wheels-v*/**/*-*-*-*.http"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_VERSION = re.compile(r"[0-9][0-9a-z.!+_]*")
_MOST_KEPT = 1000


@contextmanager
def build_sandbox(
    workspace: Workspace, interpreter: str, folder: Path, checkout: Path
) -> Iterator[tuple[str, ...]]:
    """The command that goes before what installs a checkout into a folder; empty without a sandbox.

    The network stays open, for the registries; the user's own folder can be read, for settings and
    credentials of registries. Nothing can be written to but the two, and what is written to uv's
    cache is gone with the context. Where the system has no overlays, the build starts with an empty
    cache.
    """
    sandbox = find_sandbox(workspace)
    if not isinstance(sandbox, Sandbox):
        yield ()
        return
    read = (
        Path.home(), *_NAMES, *_named_folders(), *python_folders(Path(interpreter)),
        *_objects(checkout),
    )  # fmt: skip
    write = tuple(one for one in (folder, checkout) if one.is_dir())
    with scratch_folder(workspace.scratch, "uv-") as scratch:
        cache = _covered_cache(sandbox, scratch)
        access = Access(read, write, (cache,))
        yield sandbox.prefix(access, network=True, own_account=True)
        _keep_downloads(cache.writes, interpreter, scratch)


def _covered_cache(sandbox: Sandbox, scratch: Path) -> Covered:
    """uv's cache, to be written to where that works: uv opens a file of it for a lock."""
    writes, work = scratch / "writes", scratch / "work"
    writes.mkdir()
    work.mkdir()
    cache = Covered(uv_cache(), writes, work)
    words = sandbox.prefix(Access(covered=(cache,)), network=False, own_account=True)
    lock = cache.folder / ".lock"
    if sandbox.can_cover and run_tool([*words, "touch", lock], timeout_s=20, guarded=False).ok:
        return cache
    return Covered(cache.folder, writes, None)


def _keep_downloads(writes: Path, interpreter: str, scratch: Path) -> None:
    """Have uv download again what it downloaded in a build: a build's own files are not trusted.

    Packages are installed as links into a folder that is thrown away; what can't be had is had
    again by the next build.
    """
    for number, wheels in enumerate(_compatible(sorted(_downloaded(writes)))):
        run_uv(
            "pip", "install", "--no-build", "--no-deps", "--link-mode", "symlink",
            "--python", interpreter, "--target", scratch / f"kept-{number}", *wheels,
            cwd=Path("/"),
        )  # fmt: skip


def _downloaded(writes: Path) -> set[tuple[str, str]]:
    """Names and versions of wheels; a build may have put anything there."""
    found: set[tuple[str, str]] = set()
    for file in writes.glob(_DOWNLOADED):
        name, version = file.parent.name, file.name.split("-", 1)[0]
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version) and len(found) < _MOST_KEPT:
            found.add((name, version))
    return found


def _compatible(wheels: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The wheels as requirements, in as few lists as have no name twice."""
    lists: list[dict[str, str]] = []
    for name, version in wheels:
        free = next((one for one in lists if name not in one), None)
        if free is None:
            free = {}
            lists.append(free)
        free[name] = f"{name}=={version}"
    return [list(one.values()) for one in lists]


def _objects(checkout: Path) -> list[Path]:
    """Where the objects of a checkout's commits lie: it shares them with a clone."""
    try:
        text = (checkout / ".git" / "objects" / "info" / "alternates").read_text(encoding="utf-8")
    except OSError:
        return []
    return [Path(line) for line in text.splitlines()]


def _named_folders() -> Iterator[Path]:
    """Local folders and files that the user's variables name."""
    for name in _PATHS:
        for word in os.environ.get(name, "").replace(",", " ").split():
            local = word.rpartition("=")[2].removeprefix("file://")  # an index can have a name
            if local.startswith("/") and local != "/":
                yield Path(local)
