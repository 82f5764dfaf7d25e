"""Make `results/` from `data/`.

Everything, or only what is not as `data/` has it: pages of pairs and series whose data changed
since they were made, the small pages beside them, and the index. Both leave the same bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.catalogue import load_target, target_names
from bench.core.errors import BenchError, DataError
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.store.place import pairs_of_runs
from bench.engine.store.run import Run
from bench.engine.store.series import SERIES_FOLDER
from bench.formats.markdown import plain
from bench.report.attribute.attribute_page import write_attribute_pages
from bench.report.bisect.bisect_page import write_bisect_pages
from bench.report.case.case_page import FOLDER as CASE_STUDIES
from bench.report.case.case_page import CaseWriter
from bench.report.case.evidence import WrittenRecords
from bench.report.claims.claims_page import write_claims_pages
from bench.report.exchange.target_badges import write_badges
from bench.report.history.select_series import find_series
from bench.report.index import Indexed, write_index
from bench.report.jobs import Job, Made, PairJob, SeriesJob, make_pages
from bench.report.journal_pages import without_parts
from bench.report.known_pairs import KnownPairs
from bench.report.optimize.optimize_page import pairs_of_branches, write_optimize_pages
from bench.report.output import Output
from bench.report.rank.rank_page import write_rank_pages
from bench.report.sealed import Seals
from bench.report.stack.stack_around import around_of
from bench.report.stack.stack_page import write_stack_pages
from bench.report.summaries import (
    SUMMARY,
    PairSummary,
    SeriesSummary,
    encoded,
    read_summary,
)
from bench.report.validate.accuracy_page import write_accuracy_page
from bench.report.validate.calibration_page import write_calibration_page
from bench.report.validate.prior_art_page import write_prior_art
from bench.report.validate.selfcheck_page import write_selfcheck_pages


@dataclass(frozen=True)
class Written:
    """Where the write-up is; `runs` counts those found, `problems` says what is missing in it.

    `analyses` counts what is shown besides: rankings of imports, optimisations, attributions,
    bisections, and predictions that were held.
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
    report = _Report(workspace)
    written = report.write(report.jobs, with_studies=True)
    if workspace.prior_art.parent == workspace.data.parent:  # it is of this data, no other
        problems = write_prior_art(report.known, report.found, workspace)
        written = dataclasses.replace(written, problems=(*written.problems, *problems))
    return written


def write_changes(workspace: Workspace) -> Written:
    """Write what is not as `data/` has it; all other pages of pairs and series stay untouched.

    What is damaged in data whose pages stay is in the index, and not among the `problems`. Case
    studies and pages of prior art, which read rounds again, are left to a report of everything.
    """
    report = _Report(workspace)
    return report.write(report.due())


class _Report:
    """One look at `data/`, and what is written of it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.output = Output(workspace.results, workspace.data)
        self.found = find_series(workspace.data)
        self.known = KnownPairs(workspace.data, self.found.ids)
        self._kept = Made()
        seals = Seals(workspace.data)
        runs = pairs_of_runs(workspace.data)
        self.runs = sum(map(len, runs.values()))
        self._pairs = [
            PairJob(folder, own, self.found.ids, seals.of_pair(folder, own))
            for folder, own in runs.items()
        ]
        self._series = [
            SeriesJob(several, seals.of_series(several)) for several in self.found.pages.values()
        ]

    @property
    def jobs(self) -> list[Job]:
        """The page of each pair and series; the long ones of series first."""
        return [*self._series, *self._pairs]

    def due(self) -> list[Job]:
        """Those without a page that was made from what is in `data/` now."""
        kept, results = self._kept, self.workspace.results
        for of_range in self._series:
            page = results / folder_of(of_range)
            series = read_summary(page / SUMMARY, SeriesSummary, of_range.seal)
            if series is not None and (page / "README.md").is_file():
                kept.series.append((of_range, series))
        points = {
            (series.target, label): seal
            for _, series in kept.series
            for label, seal in series.points.items()
        }
        for of_pair in self._pairs:
            page = results / of_pair.folder.relative_to(self.workspace.data)
            pair = read_summary(page / SUMMARY, PairSummary, of_pair.seal)
            if pair is not None and (page / "README.md").is_file():
                kept.pairs.append((of_pair, pair))
            elif points.get((page.parent.name, page.name)) == of_pair.seal:
                kept.points.append(of_pair)
        known = [id(job) for job, _ in (*kept.series, *kept.pairs)] + list(map(id, kept.points))
        return [job for job in self.jobs if id(job) not in set(known)]

    def write(self, due: Sequence[Job], *, with_studies: bool = False) -> Written:
        """Do what is due, then what is small, and the index; without them case studies stay."""
        output, workspace = self.output, self.workspace
        made = make_pages(due, workspace)
        output.written |= made.written
        output.problems += sorted(made.problems, key=str)
        self._keep()
        made.add(self._kept)
        self._write_summaries(made)
        self.known.add(made.pairs)
        series = sorted((one for _, one in made.series), key=lambda one: (one.target, one.label))
        indexed = self._write_rest(
            [pair for _, pair in made.pairs], series, with_studies=with_studies
        )
        if workspace.data.is_dir() or not (workspace.results / "README.md").exists():
            write_index(dataclasses.replace(indexed, unreadable=self._unreadable(made)), output)
        output.remove_stale()
        errors = (*sorted(made.errors, key=str), *self.found.unreadable)
        return Written(
            workspace.results,
            self.runs,
            indexed.documents,
            (*errors, *output.problems),
            {one: summary.page for summary in series for one in summary.ids},
        )

    def _write_rest(
        self, pairs: list[PairSummary], series: list[SeriesSummary], *, with_studies: bool
    ) -> Indexed:
        """The pages of all but pairs and series, and what the index says of everything."""
        output, workspace = self.output, self.workspace
        rankings = write_rank_pages(output)
        optimized = write_optimize_pages(output, pairs)
        attributed = write_attribute_pages(output)
        claims = write_claims_pages(output)
        bisected = write_bisect_pages(output)
        held = write_accuracy_page(output)
        targets = list(_targets(workspace.targets))
        write_badges(targets, pairs, output)
        stack = write_stack_pages(pairs, around_of(targets), output)
        studies = CaseWriter(targets=targets, known=self.known, pairs=pairs, output=output)
        if with_studies:
            studies.write(
                WrittenRecords(
                    optimized=optimized.shown,
                    attributed=attributed.shown,
                    claims=claims.shown,
                    stacks=output.stacks,
                )
            )
        else:
            output.keep(workspace.results / CASE_STUDIES)
        write_calibration_page(output)
        write_selfcheck_pages(output)
        return Indexed(
            pairs=without_parts(pairs, optimized, attributed, claims, bisected),
            made=frozenset(pair for one in optimized.read for pair in pairs_of_branches(one)),
            series=series,
            rankings=rankings,
            optimized=optimized.rows,
            attributed=attributed.rows,
            claims=claims.rows,
            bisected=bisected.rows,
            stack=stack,
            studies=studies.index_lines(),
            held=held,
        )

    def _keep(self) -> None:
        """Leave pages alone that are as they should be."""
        for _, pair in self._kept.pairs:
            self.output.keep(self.workspace.results / pair.folder)
        for _, series in self._kept.series:
            self.output.keep((self.workspace.results / series.page).parent)
            self.output.written |= (
                {self.workspace.results / series.triage} if series.triage else set()
            )

    def _write_summaries(self, made: Made) -> None:
        """Beside each page; a series also tells of its points' pairs, which have no page."""
        points = {(job.folder.parent.name, job.folder.name): job.seal for job in made.points}
        kept = {id(job) for job, _ in (*self._kept.pairs, *self._kept.series)}
        for of_pair, pair in made.pairs:
            if id(of_pair) not in kept:
                file = self.workspace.results / pair.folder / SUMMARY
                self.output.write(file, encoded(pair, of_pair.seal))
        for of_range, one in made.series:
            if id(of_range) not in kept:
                labels = {label for each in of_range.series for label in each.labels}
                own = {label: points[one.target, label] for label in sorted(labels)
                       if (one.target, label) in points}  # fmt: skip
                series = msgspec.structs.replace(one, points=own)
                file = (self.workspace.results / series.page).with_name(SUMMARY)
                self.output.write(file, encoded(series, of_range.seal))

    def _unreadable(self, made: Made) -> list[str]:
        """Everything that can't be read, as Markdown, in one order whoever found it."""
        words = [*made.unreadable]
        words += [one for _, summary in made.pairs for one in summary.unreadable]
        words += [one for _, summary in made.series for one in summary.unreadable]
        words += [
            f"a series could not be read: {plain(self.output.shown(one))}"
            for one in self.found.unreadable
        ]
        return sorted(set(words))


def folder_of(job: SeriesJob) -> Path:
    """The folder of a range's page, from `results/` on."""
    manifest = job.series[0].manifest
    return Path(manifest.target, SERIES_FOLDER, manifest.points.label)


def _targets(folder: Path) -> Iterator[Target]:
    """All targets whose files can be read; those that can't are nothing to a report."""
    for name in target_names(folder):
        with contextlib.suppress(BenchError):
            yield load_target(name, folder)
