"""What the driver of a container's benchmark is told: all that it needs, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.core.container import ContainerUse
from bench.core.environment import EnvironmentRecord
from bench.workloads.containers.engine import DOCKER, find_engine
from bench.workloads.containers.image import build_words, image_labels
from bench.workloads.containers.leftovers import session_label

DRIVER = Path(__file__).with_name("driver.py")
_INSIDE = DRIVER.with_name("inside")


class NotTellableError(Exception):
    """The engine can't do what a benchmark needs (the message says what)."""


def driver_sources() -> bytes:
    """All that runs when a container is measured: part of the digest of its benchmarks."""
    files = (DRIVER, DRIVER.with_name("boxes.py"), *sorted(_INSIDE.glob("*.py")))
    return b"\0".join(file.read_bytes() for file in files)


def tell(
    use: ContainerUse,
    record: EnvironmentRecord,
    folder: Path,
    *,
    served: bool,
    mounts: Sequence[Path],
    timeout_s: float,
) -> bytes:
    """The file of one benchmark and side, as JSON.

    `folder` is the environment's. A container that is `served` sees the network of the session,
    and all see `mounts`, under the path they have here and for reading only. Raises
    `NotTellableError`.
    """
    container, image = use.of, record.image
    assert container is not None  # the catalogue puts it in
    assert image is not None
    engine = find_engine(image.engine)
    if served and engine.name == DOCKER:
        raise NotTellableError(
            "needs podman: containers of docker cannot reach the fixture's server"
        )
    labels = image_labels(record.revision, record.recipe)
    told = {
        "use": use,
        "engine": {"name": engine.name, "program": engine.program, "env": dict(engine.env)},
        "image": image,
        "checkout": str(folder / "checkout"),
        "build": build_words(
            engine, container, Path("{checkout}"), "{tag}", labels, record.recipe.args
        ),
        "label": session_label(folder.parents[1]),
        "network": "host" if served else container.network,
        "mounts": [str(one) for one in mounts],
        "module": use.module or record.module,
        "inside": str(_INSIDE),
        "timeout_s": timeout_s,
    }
    return msgspec.json.encode(told)
