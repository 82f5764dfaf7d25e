"""Which data the pages of a pair and of a series are made from, and a seal of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from bench.engine.store.accounts import ACCOUNTS_FOLDER
from bench.engine.store.documents import files_below
from bench.engine.store.place import CALIBRATION, MANIFEST, ROUNDS
from bench.engine.store.seal import seal
from bench.engine.store.series import Series

_FILES = (MANIFEST, ROUNDS)


class Seals:
    """Seals of one look at `data/`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._calibrations = cache(self._calibration_folders)

    def of_pair(self, folder: Path, runs: Iterable[Path]) -> str:
        """Its runs, the traces of its commands, and the calibrations that may speak for a run."""
        runs = tuple(runs)
        stacks = self.data / ACCOUNTS_FOLDER / folder.relative_to(self.data)
        beside = {calibration for run in runs for calibration in self._speaking_for(run)}
        files = [*_files((*runs, *beside)), *files_below(stacks)]
        return seal(self.data, files)

    def of_series(self, several: Sequence[Series]) -> str:
        """The series themselves, and all runs of their points."""
        files = [file for one in several for file in files_below(one.folder)]
        runs = {run for one in several for run in one.run_folders(self.data)}
        return seal(self.data, [*files, *_files(runs)])

    def _speaking_for(self, run: Path) -> Iterator[Path]:
        """All calibrations before a run, which new ones do not change; else those after it."""
        parts = run.parts[len(self.data.parts) :]
        if len(parts) != 5:
            return
        target, _, python, machine, _ = parts
        found = self._calibrations(machine, f"{target}-{python}")
        before = [one for one in found if one.name < run.name]
        yield from before or found

    def _calibration_folders(self, machine: str, what: str) -> tuple[Path, ...]:
        return tuple(sorted((self.data / CALIBRATION / machine / what).glob("*/")))


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    return (folder / name for folder in folders for name in _FILES)
