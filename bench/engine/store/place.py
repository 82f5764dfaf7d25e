"""Where a run lies: found under `data/`, and held against what its manifest says.

Pages are written under the names in a manifest: one that comes from elsewhere must not choose them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError
from bench.engine.store.documents import files_below
from bench.engine.store.manifest import Manifest

ROUNDS = "rounds.jsonl"
MANIFEST = "run.json"
CALIBRATION = "calibration"
_MOVE = "Move the folder to where it belongs, or away."


def is_calibration(folder: Path) -> bool:
    """Whether a folder is that of a calibration: `calibration/<machine>/<what>/<run id>`."""
    return folder.parts[-4:-3] == (CALIBRATION,)


def check_place(folder: Path, manifest: Manifest) -> None:
    """Raise `DataError` where a manifest names another place than the one it lies in."""
    version, machine = f"py{manifest.python}", manifest.machine.name
    named: tuple[str, ...] = manifest.target, manifest.pair.label, version, machine
    if is_calibration(folder):
        named = CALIBRATION, machine, f"{manifest.target}-{version}"
    named = *named, manifest.run_id
    parts = folder.absolute().parts[-len(named) :]
    for said, found in zip(named, parts, strict=False):
        if said != found:
            raise DataError(
                f"{folder / MANIFEST} is of another run: it says {said!r}, and its folder is "
                f"named {found!r}.",
                _MOVE,
            )


def check_links(file: Path, root: Path) -> None:
    """Raise `DataError` where a file below `root` is, or is reached by, a symbolic link."""
    for part in (file, *file.parents):
        if part == root:
            return
        if part.is_symlink():
            raise DataError(
                f"{part} is a symbolic link: links below {root.name}/ are not followed.",
                "Put the files themselves there.",
            )


def run_folders(data: Path) -> Iterator[Path]:
    """All folders under `data/` that hold a run, or a part of one, in a stable order.

    Calibrations are left out. What can't be looked into is among them, so that it is told of.
    """
    depth = len(data.parts)
    yield from (one for one in _folders(data) if one.parts[depth] != CALIBRATION)


def pairs_of_runs(data: Path) -> dict[Path, tuple[Path, ...]]:
    """The same by pair: its folder, and those of its runs."""
    found: dict[Path, list[Path]] = {}
    for folder in run_folders(data):
        pair = data.joinpath(*folder.parts[len(data.parts) :][:2])
        found.setdefault(pair, []).append(folder)
    return {pair: tuple(folders) for pair, folders in found.items()}


def calibration_folders(data: Path) -> Iterator[Path]:
    """The same for calibrations."""
    yield from _folders(data / CALIBRATION)


def _folders(folder: Path) -> list[Path]:
    found = set()
    for file in files_below(folder):
        if file.name in {MANIFEST, ROUNDS}:
            found.add(file.parent)
        elif file.is_dir() and file.suffix != ".json":  # that is told of as a document
            found.add(file)
    return sorted(found)
