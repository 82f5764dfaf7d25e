"""Make `results/` from `data/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import DataError
from bench.report.index import write_index
from bench.report.output import Output
from bench.report.pair_page import write_pair_page
from bench.report.select_runs import collect
from bench.store.run import Run
from bench.workspace import Workspace


@dataclass(frozen=True)
class Written:
    """Where the write-up is; `runs` counts those found, `problems` says what is missing in it."""

    results: Path
    runs: int = 0
    problems: tuple[DataError, ...] = ()

    @property
    def index(self) -> Path:
        """The page that leads to all others."""
        return self.results / "README.md"

    def page_of(self, run: Run) -> Path:
        """The page of a run's pair."""
        return self.results / run.manifest.target / run.manifest.pair.label / "README.md"


def write_report(workspace: Workspace) -> Written:
    """Write everything under `results/`, and remove pages of what is no longer in `data/`.

    Damaged runs and those of a newer format do not keep the rest from being written: they are among
    the `problems`. Raises `DataError` when a file can't be written.
    """
    collection = collect(workspace.data)
    output = Output(workspace.results, workspace.data)
    for pair in collection.pairs:
        write_pair_page(pair, output)
    if workspace.data.is_dir() or not (workspace.results / "README.md").exists():
        write_index(collection, output)
    output.remove_stale()
    shown = [one for pair in collection.pairs for on in pair.machines for one in on.shown]
    runs = sum(1 + len(one.others) for one in shown) + len(collection.unreadable)
    unreadable = tuple(one.error for one in collection.unreadable)
    return Written(workspace.results, runs, unreadable + tuple(output.problems))
