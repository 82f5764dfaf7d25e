"""A Debian root for images, made once by debootstrap where no registry can be reached."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.core.container import Root
from bench.core.errors import BuildError
from bench.core.process import run_tool
from bench.core.scratch import scratch_folder
from bench.workloads.containers.engine import ContainerEngine
from bench.workloads.containers.image import inspect

_TIMEOUT_S = 1800.0


def root_tag(root: Root) -> str:
    """The name of the image of a root: its content follows from the declaration, and the day."""
    key = hashlib.sha256(msgspec.json.encode(root)).hexdigest()[:16]
    return f"localhost/bench-root:{root.suite}-{key}"


def prepare_root(
    root: Root, engine: ContainerEngine, scratch: Path, announce: Callable[[str], None]
) -> str:
    """The image of a root, made if it is not there yet; returns its name.

    Raises `BuildError` when debootstrap is missing, not allowed, or fails.
    """
    tag = root_tag(root)
    if inspect(engine, tag) is not None:
        return tag
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin")
    if program is None:
        raise BuildError(
            "The image starts from a Debian root, and debootstrap is not on this machine.",
            "Install it: apt-get install debootstrap",
        )
    if os.geteuid() != 0:
        raise BuildError(
            "The image starts from a Debian root, which only the superuser can make.",
            "Run as root, or let the definition start from an image of a registry.",
        )
    announce(f"making a Debian root ({root.suite}: {', '.join(root.packages)})")
    with scratch_folder(scratch, "root-") as own:
        _make(root, program, own / "root")
        _import(engine, own / "root", tag)
    return tag


def _make(root: Root, program: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    include = f"--include={','.join(root.packages)}"
    made = run_tool(
        [program, "--variant=minbase", include, root.suite, folder, root.mirror],
        timeout_s=_TIMEOUT_S,
    )
    if not made.ok:
        raise BuildError(
            f"No Debian root could be made: {made.describe()}\n{made.last_lines(4)}",
            f"It is fetched from {root.mirror} (mirror in [container.root]).",
        )


def _import(engine: ContainerEngine, folder: Path, tag: str) -> None:
    tar = folder.with_suffix(".tar")
    packed = run_tool(["tar", "-C", folder, "-cf", tar, "."], timeout_s=_TIMEOUT_S)
    imported = (
        packed if not packed.ok else engine.run("import", str(tar), tag, timeout_s=_TIMEOUT_S)
    )
    if not imported.ok:
        raise BuildError(
            f"The Debian root could not be made an image: {imported.describe()}\n"
            f"{imported.last_lines(4)}"
        )
