"""Remove containers, volumes and images of drivers that did not get to do so themselves."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.core.environment import EnvironmentRecord, ImageRecord
from bench.core.errors import UsageError
from bench.workloads.containers.engine import ContainerEngine, find_engine

# A driver names all that it makes `bench-<process id of its launcher>-<its own>`.
_OURS = re.compile(r"bench-(\d+)-\d+")
LABEL = "bench.engine.session"


def session_label(cache: Path) -> str:
    """The label of everything that is made by drivers of one workspace."""
    return f"{LABEL}={hashlib.sha256(str(cache).encode()).hexdigest()[:16]}"


@contextmanager
def nothing_left(image: ImageRecord | None, cache: Path) -> Iterator[None]:
    """Before and after a session that measures images, remove what others and its own left."""
    if image is None:
        yield
        return
    engine = find_engine(image.engine)
    sweep(engine, cache)
    try:
        yield
    finally:
        sweep(engine, cache)


def sweep(engine: ContainerEngine, cache: Path) -> int:
    """Remove what drivers of this workspace left whose launcher has ended; returns how much."""
    only = ("--filter", f"label={session_label(cache)}")
    removed = 0
    for listing, removing in (
        (("ps", "--all", *only, "--format", "{{.Names}}"), ("rm", "--force")),
        (("volume", "ls", *only, "--format", "{{.Name}}"), ("volume", "rm", "--force")),
        (("images", *only, "--format", "{{.Repository}}:{{.Tag}}"), ("rmi", "--force")),
    ):
        for name in engine.run(*listing).stdout.split():
            ours = _OURS.search(name)
            if ours and not _runs(int(ours[1])):
                engine.run(*removing, name)
                removed += 1
    return removed


def remove_images(records: Iterable[Path]) -> int:
    """Remove the images that environments' records name, those of engines that answer."""
    removed = 0
    for file in records:
        try:
            image = msgspec.json.decode(file.read_bytes(), type=EnvironmentRecord).image
            engine = find_engine(image.engine) if image else None
        except (OSError, msgspec.DecodeError, UsageError):
            continue
        if image is not None and engine is not None:
            removed += engine.run("rmi", image.tag).ok
    return removed


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
