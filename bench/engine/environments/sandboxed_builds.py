"""What a build may see and write to: its own folders, and what packages come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.core.workspace import Workspace
from bench.engine.environments.uv import uv_cache
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.bubblewrap import Sandbox, find_sandbox

# How names are looked up is said by files that links in /etc may lead to.
_NAMES = tuple(Path("/run") / one for one in ("systemd/resolve", "NetworkManager", "resolvconf"))
_PATHS = ("UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
          "UV_PYTHON_INSTALL_DIR", "PYENV_ROOT", "RUSTUP_HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE",
          "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME")  # fmt: skip


def build_prefix(
    workspace: Workspace, interpreter: str, folder: Path, checkout: Path
) -> tuple[str, ...]:
    """The command that goes before what installs a checkout into a folder; empty without a sandbox.

    The network stays open, for the registries; the user's own folder can be read, for settings and
    credentials of registries. Nothing can be written to but the two and uv's cache.
    """
    sandbox = find_sandbox(workspace)
    if not isinstance(sandbox, Sandbox):
        return ()
    read = (*_NAMES, *_named_folders(), *python_folders(Path(interpreter)), *_objects(checkout))
    write = [one for one in (folder, checkout, uv_cache()) if one.is_dir()]
    access = Access((Path.home(), *read), tuple(write))
    return sandbox.prefix(access, network=True, own_account=True)


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
