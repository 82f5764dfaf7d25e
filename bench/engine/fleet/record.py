"""The manifest of a fleet: the blocks of a pair, and the host each was given to.

`data/fleet/<target>/<base>..<head>/<fleet id>.json`. A block is an ordinary run of the whole pair
on one Python, both sides on one host; the `block` among its options says which one it is. The file
is written again when a block is given to another host; what was measured never depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.core.revision import Pair, Revision
from bench.engine.store.documents import cannot_write, read_document
from bench.engine.store.run import Run, read_placed

FLEET_FORMAT = 1
_FOLDER = "fleet"


class Block(msgspec.Struct, frozen=True):
    """A run that some host has to make."""

    index: int
    python: str
    host: str


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """A pair, how it is measured (`words` of the command line), and its blocks."""

    format: int
    fleet_id: str
    target: str
    pair: Pair
    words: tuple[str, ...]
    blocks: tuple[Block, ...]
    created_at: str

    @property
    def range(self) -> str:
        """The very revisions for the command line: every host must measure the same."""
        return f"{_exact(self.pair.base)}..{_exact(self.pair.head)}"

    def tag(self, block: Block) -> str:
        """What the options of a block's run hold."""
        return f"{self.fleet_id}/{block.index}"

    def command(self, block: Block) -> tuple[str, ...]:
        """The words after `python -m bench` that measure a block."""
        return (
            "run", self.target, self.range, "--python", block.python, "--block", self.tag(block),
            "--no-report", *self.words,
        )  # fmt: skip


def _exact(revision: Revision) -> str:
    return f"{revision.source}:{revision.identity}"


def fleet_file(data: Path, fleet: Fleet) -> Path:
    """Where a fleet's manifest lies."""
    return data / _FOLDER / fleet.target / fleet.pair.label / f"{fleet.fleet_id}.json"


def write_fleet(data: Path, fleet: Fleet) -> Path:
    """Write the manifest; returns the file. Raises `DataError` when the disk takes no more."""
    file = fleet_file(data, fleet)
    try:  # not with `~` for the home directory: options are handed on as they are
        write_atomically(file, msgspec.json.format(msgspec.json.encode(fleet), indent=1) + b"\n")
    except OSError as error:
        raise cannot_write(file, error) from error
    return file


def read_fleets(data: Path, target: str, pair: Pair) -> Iterator[Fleet]:
    """The fleets of a pair, newest first. Raises `DataError` for a damaged file."""
    folder = data / _FOLDER / target / pair.label
    for file in sorted(folder.glob("*.json"), reverse=True):
        yield read_document(file, Fleet, FLEET_FORMAT)


def finished_blocks(data: Path, fleet: Fleet) -> dict[int, Run]:
    """The complete run of each block that has one, by the block's index."""
    by_tag = {fleet.tag(block): block.index for block in fleet.blocks}
    found: dict[int, Run] = {}
    for manifest in sorted((data / fleet.target / fleet.pair.label).glob("py*/*/*/run.json")):
        try:
            run = read_placed(manifest.parent)
        except DataError:
            continue
        index = by_tag.get(run.manifest.options.block)
        if index is not None and run.is_complete:
            found[index] = run
    return found


def missing_blocks(data: Path, fleet: Fleet) -> list[Block]:
    """The blocks without a complete run."""
    finished = finished_blocks(data, fleet)
    return [block for block in fleet.blocks if block.index not in finished]
