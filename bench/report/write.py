"""Make `results/` from `data/`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.catalogue import load_target, target_names
from bench.core.errors import BenchError, DataError
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.store.run import Run
from bench.engine.store.series import SERIES_FOLDER
from bench.report.history.select_series import collect_series
from bench.report.history.series_page import series_file, write_series_page
from bench.report.index import write_index
from bench.report.output import Output
from bench.report.pair.pair_page import write_pair_page
from bench.report.rank.rank_page import write_rank_pages
from bench.report.select_runs import collect, read_all
from bench.report.stack.stack_around import around_of
from bench.report.stack.stack_page import write_stack_pages
from bench.report.validate.accuracy_page import write_accuracy_page
from bench.report.validate.calibration_page import write_calibration_page
from bench.report.validate.prior_art_page import write_prior_art
from bench.report.validate.selfcheck_page import write_selfcheck_pages


@dataclass(frozen=True)
class Written:
    """Where the write-up is; `runs` counts those found, `problems` says what is missing in it.

    `analyses` counts what is shown besides: rankings of imports, and predictions that were held.
    """

    results: Path
    runs: int = 0
    analyses: int = 0
    problems: tuple[DataError, ...] = ()
    series_pages: dict[str, str] = field(default_factory=dict)

    @property
    def index(self) -> Path:
        """The page that leads to all others."""
        return self.results / "README.md"

    def page_of(self, run: Run) -> Path:
        """The page of a run's pair, or of the series it is a point of."""
        series = self.series_pages.get(run.manifest.options.series)
        if series:
            return self.results / series
        return self.results / run.manifest.target / run.manifest.pair.label / "README.md"


def write_report(workspace: Workspace) -> Written:
    """Write everything under `results/`, and remove pages of what is no longer in `data/`.

    Damaged runs and those of a newer format do not keep the rest from being written: they are among
    the `problems`. Raises `DataError` when a file can't be written.
    """
    everything = read_all(workspace.data)
    series = collect_series(workspace.data, everything.runs)
    collection = collect(everything, series.ids)
    output = Output(workspace.results, workspace.data)
    for pair in collection.pairs:
        with output.guarded(workspace.data / pair.target / pair.pair.label):
            write_pair_page(pair, output)
    for page in series.pages:
        with output.guarded(workspace.data / page.target / SERIES_FOLDER / page.label):
            write_series_page(page, output)
    rankings = write_rank_pages(output)
    held = write_accuracy_page(output)
    stack = write_stack_pages(collection, around_of(_targets(workspace.targets)), output)
    write_calibration_page(output)
    write_selfcheck_pages(output)
    if workspace.data.is_dir() or not (workspace.results / "README.md").exists():
        write_index(collection, series, output, rankings, stack, held=held)
    if workspace.prior_art.parent == workspace.data.parent:  # it is of this data, no other
        output.problems += write_prior_art(collection, series, workspace)
    output.remove_stale()
    unreadable = tuple(one.error for one in everything.unreadable) + series.unreadable
    return Written(
        workspace.results,
        len(everything.runs) + len(everything.unreadable),
        len(rankings) + len(stack) + bool(held),
        unreadable + tuple(output.problems),
        {one: series_file(page) for page in series.pages for one in page.ids},
    )


def _targets(folder: Path) -> Iterator[Target]:
    """All targets whose files can be read; those that can't are nothing to a report."""
    for name in target_names(folder):
        with contextlib.suppress(BenchError):
            yield load_target(name, folder)
