"""The index of everything that was measured, by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, table
from bench.formats.text import day, joined
from bench.report.history.select_series import SeriesCollection
from bench.report.history.series_page import overview_words, series_file
from bench.report.output import Output
from bench.report.pair.conditions import short_conditions
from bench.report.pair.headline import pair_title, range_words, verdict_counts
from bench.report.select_runs import Collection, OnMachine, PairRuns
from bench.report.stack.stack_page import STACK_COLUMNS

_LAYERS = ("core engine", "backend service", "CI pipeline", "boundary", "prior art")
_COLUMNS = ("pair", "slower", "faster", "other", "conditions")
_SERIES_COLUMNS = ("target", "series", "points", "Python", "largest steps", "measured", "machine",
                   "complete")  # fmt: skip
RANKING_COLUMNS = ("target", "revision", "scenario", "Python", "CPU time", "potential saving",
                   "measured", "machine")  # fmt: skip
_COLUMN_VERDICTS = {Verdict.BROKEN, Verdict.FASTER, Verdict.SLOWER}
_START = ".venv/bin/nox -s bench-codeflash"

Rows = Sequence[Sequence[str]]


def write_index(
    collection: Collection,
    series: SeriesCollection,
    output: Output,
    rankings: Rows = (),
    stack: Rows = (),
    held: str = "",
) -> None:
    """Write `results/README.md`; `rankings` are rows of `RANKING_COLUMNS`, `stack` of its own.

    `held` says how predictions compare with what was measured.
    """
    output.page("README.md").write(
        (
            *_head(collection, series, measured=bool(rankings or stack or held)),
            *_layers(collection),
            *_stack(stack),
            *_histories(series),
            *_rankings(rankings, held),
            *_unread(collection, series, output),
        )
    )


def _head(collection: Collection, series: SeriesCollection, *, measured: bool) -> Iterator[str]:
    yield heading(1, "Results")
    if not (
        measured or collection.pairs or series.pages or collection.unreadable or series.unreadable
    ):
        yield "Nothing has been measured yet. To start:"
        yield fenced(_START, "sh")
        return
    yield (
        f"Made from {code('data/')} by {code('python -m bench report')}. Counts leave out the bare "
        "interpreter, which each run measures as a control. Sizes run from the smallest to the "
        "largest change. Conditions: what other processes used of the machine (the median over "
        "benchmarks, as a range where runs differ), whether the harness had uncommitted changes "
        "(*dirty*), and whether the project's tests were run on both sides."
    )


def _layers(collection: Collection) -> Iterator[str]:
    for layer in _in_order({layer for pair in collection.pairs for layer in pair.layers}):
        yield heading(2, plain(layer[:1].upper() + layer[1:]))
        rows = [row for pair in collection.pairs for row in _rows(pair, layer)]
        yield table(_COLUMNS, rows, numbers=False)


def _stack(rows: Rows) -> Iterator[str]:
    if rows:
        yield heading(2, "The whole stack")
        yield "Commands of a user's, followed through all their processes; layers add up."
        yield table(STACK_COLUMNS, rows, numbers=False)


def _histories(series: SeriesCollection) -> Iterator[str]:
    if series.pages:
        yield heading(2, "Histories")
        yield "Series of revisions, each compared with the first; steps are certain changes."
        yield table(_SERIES_COLUMNS, _series_rows(series), numbers=False)


def _rankings(rows: Rows, held: str) -> Iterator[str]:
    if rows or held:
        yield heading(2, "Opportunities")
    if rows:
        yield table(RANKING_COLUMNS, rows, numbers=False)
    yield held


def _unread(collection: Collection, series: SeriesCollection, output: Output) -> Iterator[str]:
    unread = [
        f"{plain(' '.join(one.pair))} ({code(one.folder.name)}): could not be read: "
        f"{plain(output.shown(one.error))}"
        for one in collection.unreadable
    ]
    unread += [
        f"a series could not be read: {plain(output.shown(one))}" for one in series.unreadable
    ]
    unread += [plain(output.shown(one)) for one in output.problems]
    if unread:
        yield heading(2, "Could not be read")
        yield bullets(unread)


def _series_rows(series: SeriesCollection) -> list[list[str]]:
    return [
        [
            plain(page.target),
            link(page.label, series_file(page)),
            str(len(shown.series.manifest.points.points)),
            joined(list(shown.by_python)) or "–",
            overview_words(shown) or "none",
            day(shown.series.manifest.started_at),
            plain(shown.machine.name),
            "yes" if shown.is_complete else "**no**",
        ]
        for page in series.pages
        for shown in page.machines
    ]


def _in_order(layers: set[str]) -> Sequence[str]:
    known = [layer for layer in _LAYERS if layer in layers]
    return [*known, *sorted(layers.difference(_LAYERS))]


def _rows(pair: PairRuns, layer: str) -> Iterator[list[str]]:
    """What was measured of a pair in a layer: one row for each machine."""
    page = f"{pair.target}/{pair.pair.label}/README.md"
    for on in pair.machines:
        if not any(layer in one.layers for one in on.shown):
            continue
        where = f" on {plain(on.machine.name)}" if len(pair.machines) > 1 else ""
        runs = [one for one in on.shown if layer in one.layers]
        unfinished = "" if all(one.is_complete for one in runs) else " (**not complete**)"
        name = f"{link(f'{plain(pair.target)} {pair_title(pair.pair)}', page)}{where}{unfinished}"
        yield [name, *_verdicts(on, layer), short_conditions(runs)]


def _verdicts(on: OnMachine, layer: str) -> list[str]:
    """Slower, faster and the rest: counts, by Python where they differ, and sizes."""
    runs = {
        one.name.removeprefix("Python "): results
        for one in on.shown
        if (results := [result for result in one.results if result.layer == layer])
    }
    others = {
        name: [one for one in results if one.verdict not in _COLUMN_VERDICTS]
        for name, results in runs.items()
    }
    slower, broken = _counted(runs, Verdict.SLOWER), _counted(runs, Verdict.BROKEN)
    bad = [] if slower == "–" else [f"**{slower}**"]
    return [
        ", ".join([*([] if broken == "–" else [f"🔴 **{broken} broken**"]), *bad]) or "–",
        _counted(runs, Verdict.FASTER),
        _by_run({name: verdict_counts(left) if left else "–" for name, left in others.items()}),
    ]


def _counted(runs: dict[str, list[Result]], verdict: Verdict) -> str:
    having = {
        name: [one for one in results if one.verdict is verdict] for name, results in runs.items()
    }
    everything = [one for results in having.values() for one in results]
    if not everything:
        return "–"
    counts = {name: f"{len(found)} of {len(runs[name])}" for name, found in having.items()}
    sizes = range_words(everything)
    return _by_run(counts) + (f" ({sizes})" if sizes else "")


def _by_run(cells: dict[str, str]) -> str:
    """One cell; what is the same in all runs stands once."""
    if len(set(cells.values())) == 1:
        return next(iter(cells.values()))
    return ", ".join(f"{name}: {words}" for name, words in cells.items())
