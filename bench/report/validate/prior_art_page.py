"""What was published, beside what was measured here: `prior-art/<name>-summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.core.errors import DataError, UsageError
from bench.core.result import Result
from bench.core.verdict import Interval, Verdict
from bench.core.workspace import Workspace
from bench.engine.store.series import SERIES_FOLDER, Series
from bench.formats.markdown import bullets, code, fenced, heading, image, link, plain, table
from bench.formats.text import change, counted, days, joined, mebibytes, seconds, verdict_words
from bench.report.history.select_series import SeriesFound
from bench.report.known_pairs import KnownPairs
from bench.report.output import Output, Page
from bench.report.pair.conditions import short_conditions
from bench.report.select_runs import Evaluated, OnMachine, PairRuns
from bench.report.validate.frame import measured_table
from bench.report.validate.prior_art_steps import attributed_section
from bench.validate.prior_art.declaration import (
    PriorArt,
    PublishedComparison,
    PublishedFigure,
    SeriesOf,
    declared_names,
    load_prior_art,
)

_UNDECIDED = "undecided here"
_COMPARED = ("as published", "smaller here", "larger here", _UNDECIDED)
_HOW_TO_READ = (
    "The change is estimated within rounds (Hodges–Lehmann); it need not equal the ratio of the "
    "two medians. In runs before format 3, the interval of duets that differ by 1.2x or more is "
    "that of the size alone, at 95%, while the verdict is tested at the stricter level of one "
    "benchmark among all of its run: such a row can be *undecided* although its interval excludes "
    "1. *Conditions*: the share of the machine that other processes used (*quiet* or *loaded*), "
    "whether the harness had uncommitted changes (*dirty*), and whether the project's tests were "
    "run."
)
_COLUMNS = ("benchmark", "Python", "base", "head", "whole process", "net of interpreter start")


def write_prior_art(
    known: KnownPairs, series: SeriesFound, workspace: Workspace
) -> list[DataError]:
    """Write every declaration's summary; returns what kept some from being written."""
    output = Output(workspace.prior_art, workspace.data)
    for name in declared_names(workspace.prior_art):
        try:
            declared = load_prior_art(name, workspace.prior_art)
        except UsageError as error:
            output.problems.append(DataError(error.message, error.hint))
            continue
        page = output.page(f"{name}-summary.md")
        measured = _Measured(
            declared=declared,
            name=name,
            known=known,
            series=series,
            page=page,
            workspace=workspace,
        )
        page.write(measured.blocks())
    return output.problems


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """A declaration with everything that was measured of it."""

    declared: PriorArt
    name: str
    known: KnownPairs
    series: SeriesFound
    page: Page
    workspace: Workspace

    def blocks(self) -> Iterator[str]:
        yield heading(1, self.declared.title)
        yield from self._overview()
        yield self.declared.introduction.strip()
        yield from self._provenance()
        yield from self._sources()
        if self.declared.pattern:
            yield heading(2, "Pattern by pattern")
            for one in self.declared.pattern:
                yield from self._comparison(one, 3)
        yield heading(2, "The whole")
        for one in self.declared.whole:
            yield from self._comparison(one, 3)
        for each in self.declared.series:
            yield from self._series(each)
        for attributed in self.declared.attribution:
            yield from attributed_section(
                attributed, self.declared.target, self.page, self.workspace
            )
        if self.declared.lessons:
            yield heading(2, "What was learned")
            yield self.declared.lessons.strip()
        yield heading(2, "Measure it yourself")
        yield fenced(self._session, "sh")

    @property
    def _session(self) -> str:
        return f".venv/bin/nox -s prior-art -- {self.name}"

    @property
    def _clone(self) -> str:
        return f"repos/{self.declared.clone or self.declared.target}"

    def _provenance(self) -> Iterator[str]:
        shown = [
            run.run.manifest
            for one in self.declared.comparisons
            for name in one.benchmarks
            for run, _ in self._results(one, name)
        ]
        if not shown:
            yield "Nothing of it has been measured yet."
            return
        machines = dict.fromkeys(
            f"{plain(one.machine.cpu_model)}, {counted(one.machine.cpus, 'CPU')}" for one in shown
        )
        when = days(one.started_at for one in shown)
        yield (
            f"Measured {when} on {joined(list(machines))}. Ratios are of the whole process, as "
            "hyperfine times it, unless a column says *net of interpreter start*; only ratios "
            "compare across machines."
        )
        yield _HOW_TO_READ
        if self.declared.repository:
            by_hand = f"git clone {self.declared.repository} {self._clone}"
            yield (
                f"The commands name the clone {code(self._clone)}, which {code(self._session)} "
                f"makes before it measures (or {code(by_hand)})."
            )

    def _overview(self) -> Iterator[str]:
        """What was published of the whole, what was measured, and whether they agree."""
        found = [
            (
                f"{code(said.benchmark)}: {self._said(said)}",
                *self._held(one, said),
            )
            for one in self.declared.whole
            for said in one.published
        ]
        if not found:
            return
        compared = [result for *_, result in found if result in _COMPARED]
        if compared:
            counts = joined(
                [f"{compared.count(one)} {one}" for one in _COMPARED if one in compared]
            )
            yield f"**{counted(len(compared), 'published ratio')} measured again: {counts}.**"
        yield measured_table("published", found)

    def _said(self, said: PublishedFigure) -> str:
        python = f"Python {said.python}, " if said.python else ""
        times = f" ({said.speedup:.2f}x)" if said.speedup else ""
        return f"{python}{plain(said.figure)}{times}{f' [{said.source}]' if said.source else ''}"

    def _held(self, one: PublishedComparison, said: PublishedFigure) -> tuple[str, str]:
        """What was measured for a published figure, and how the two compare."""
        found = self._results(one, said.benchmark)
        same = [each for each in found if each[0].python == said.python]
        measured = [
            f"Python {shown.python}: {_peak(result) if said.memory else _whole(result)}"
            for shown, result in same or found
        ]
        if said.memory and measured:
            measured[0] = f"peak memory of the process, {measured[0]}"
        agreement = [
            _UNDECIDED
            if result.verdict is Verdict.UNDECIDED
            else _agreement(said.speedup, result.size.interval)
            for _, result in same
            if said.speedup is not None and result.size is not None
        ]
        apart = said.not_compared or ("" if self.declared.same_commits else "other commits")
        otherwise = f"not compared: {apart}" if apart else "not compared"
        return "; ".join(measured) or "not measured yet", "; ".join(agreement) or otherwise

    def _sources(self) -> Iterator[str]:
        if self.declared.source:
            yield "Sources:"
            yield bullets(
                f"[{name}] {plain(one.title)}. {plain(one.measured_with)}."
                for name, one in self.declared.source.items()
            )
            yield "\n".join(f"[{name}]: {one.url}" for name, one in self.declared.source.items())

    def _cells(self, one: PublishedComparison, name: str) -> list[list[str]]:
        found = [
            [shown.python, seconds(result.base_s), seconds(result.head_s), _whole(result),
             _net(result)]
            for shown, result in self._results(one, name)
        ]  # fmt: skip
        return found or [["–", "–", "–", "not measured yet", "–"]]

    def _comparison(self, one: PublishedComparison, level: int) -> Iterator[str]:
        yield heading(level, self._title_link(one))
        if one.text:
            yield one.text.strip()
        if one.published:
            yield "Published:"
            yield bullets(f"{code(said.benchmark)}: {self._said(said)}" for said in one.published)
        rows = [
            [code(name), *cells[:-1], cells[-1], *self._memory(one, name, number)]
            for name in one.benchmarks
            for number, cells in enumerate(self._cells(one, name))
        ]
        columns = (*_COLUMNS, "peak memory of the process") if one.memory else _COLUMNS
        yield table(columns, rows, numbers=False)
        yield self._conditions(one)
        yield fenced(self._command(one), "sh")

    def _conditions(self, one: PublishedComparison) -> str:
        """Load and state of the harness in the runs that the rows are from, by Python."""
        runs: dict[str, list[Evaluated]] = {}
        for shown in (run for name in one.benchmarks for run, _ in self._results(one, name)):
            if shown not in runs.setdefault(shown.python, []):
                runs[shown.python].append(shown)
        words = [f"Python {python}: {short_conditions(found)}" for python, found in runs.items()]
        return f"Conditions: {'; '.join(words)}." if words else ""

    def _memory(self, one: PublishedComparison, name: str, number: int) -> list[str]:
        if not one.memory:
            return []
        found = self._results(one, name)
        if number >= len(found):
            return ["–"]
        return [_peak(found[number][1])]

    def _series(self, each: SeriesOf) -> Iterator[str]:
        yield heading(2, f"Step by step: {each.range}")
        if each.text:
            yield each.text.strip()
        found = self._series_of(each)
        if found is None:
            yield "Not measured yet."
            return
        manifest = found.manifest
        folder = self.workspace.results / manifest.target / SERIES_FOLDER / manifest.points.label
        picture = folder / manifest.machine.name / "all.svg"
        yield image(f"Every point of {each.range}", self.page.link_to(picture))
        page = self.page.link_to(folder / "README.md")
        yield f"{link('Every step with its interval', page)}."

    def _series_of(self, each: SeriesOf) -> Series | None:
        """The first series of the declared range and benchmarks."""
        wanted = PublishedComparison(title="series", range=each.range, benchmarks=each.benchmarks)
        for (target, _), (first, *_) in self.series.pages.items():
            points = first.manifest.points
            last = first.manifest.pair(len(points.points) - 1)
            same = points.selection == each.selection and wanted.is_of(last)
            if target == self.declared.target and same:
                return first
        return None

    def _command(self, one: PublishedComparison) -> str:
        repo = f" --repo {self._clone}" if self.declared.repository else ""
        chosen = " ".join(f"--benchmark {name}" for name in one.benchmarks)
        return (
            f".venv/bin/nox -s bench-{self.declared.target} -- {one.range}{repo} {chosen} "
            f"--budget {self.declared.budget_s:g} --no-tests"
        )

    def _title_link(self, one: PublishedComparison) -> str:
        pair = self._pair(one)
        if pair is None:
            return one.title
        place = self.workspace.results / pair.target / pair.pair.label / "README.md"
        return link(one.title, self.page.link_to(place))

    def _pair(self, one: PublishedComparison) -> PairRuns | None:
        return self.known.first(self.declared.target, one.is_of)

    def _machines(self, one: PublishedComparison) -> Sequence[OnMachine]:
        """Each machine once: with the project's own dependencies, if it was measured so."""
        pair = self._pair(one)
        found = {on.machine.name: on for on in reversed(pair.machines if pair else ())}
        return tuple(reversed(found.values()))

    def _results(self, one: PublishedComparison, name: str) -> list[tuple[Evaluated, Result]]:
        """A benchmark's results, Python by Python: of several machines the newest run.

        Two comparisons may be of one pair: what the shown run does not hold, another one does.
        """
        newest: dict[str, tuple[Evaluated, Result]] = {}
        for shown in (each for on in self._machines(one) for each in on.shown):
            runs = (shown, *shown.others)
            of_name = [(run, each) for run in runs for each in run.results if each.name == name]
            for found in of_name[:1]:
                known = newest.setdefault(shown.python, found)
                if _begun(found[0]) > _begun(known[0]):
                    newest[shown.python] = found
        return list(newest.values())


def _begun(shown: Evaluated) -> str:
    return shown.run.manifest.started_at


def _whole(result: Result) -> str:
    if result.size is None:
        return "not measured"
    words = change(result.size.interval)
    if result.verdict in {Verdict.FASTER, Verdict.SLOWER}:
        return f"**{words}**"
    return f"{words}, {verdict_words(result)}"


def _peak(result: Result) -> str:
    return f"{mebibytes(result.base_rss_bytes)} → {mebibytes(result.head_rss_bytes)}"


def _agreement(speedup: float, interval: Interval) -> str:
    """How a published ratio before/after lies to the measured interval of head/base."""
    if interval.low <= 1 / speedup <= interval.high:
        return "as published"
    return "smaller here" if 1 / speedup < interval.low else "larger here"


def _net(result: Result) -> str:
    return change(result.net.interval) if result.net else "–"
