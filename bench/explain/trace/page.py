"""The page of a trace: `README.md`, with the pictures and the trace files beside it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.core.sample import Side
from bench.core.workspace import Workspace
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import load_words, process_words, repeat_command
from bench.explain.profile.processes import Overhead
from bench.explain.trace import tables
from bench.explain.trace.chrome import chrome_trace
from bench.explain.trace.findings.finding import BoundaryFinding
from bench.explain.trace.findings.page import findings_section
from bench.explain.trace.findings.sides import shortener
from bench.explain.trace.means import TracedSide
from bench.explain.trace.path import Layer
from bench.explain.trace.picture import draw_timeline
from bench.explain.trace.session import Trace
from bench.formats.markdown import bullets, code, collapsed, document, heading, image, link, prose
from bench.formats.text import counted, joined, percent, seconds, share

_SMALL_BYTES = 400_000
_LEAST_NS = (50_000, 200_000, 500_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)


def write_trace(
    trace: Trace, findings: Mapping[Side, list[BoundaryFinding]], folder: Path, workspace: Workspace
) -> Path:
    """Write everything of a scenario; returns its page."""
    artefacts = Artefacts(folder, "trace")
    told = {
        side: TracedSide(tuple(runs.timelines), runs.shown) for side, runs in trace.runs.items()
    }
    shown = {side: shortener(trace, side, workspace) for side in told}
    blocks = (
        *_opening(trace, told),
        *_pictures(trace, told, artefacts, shown),
        *_where(told),
        *findings_section(findings, told),
        *_distances(trace, told),
        *_details(told),
        *_closing(trace),
    )
    return artefacts.finish(document(blocks))


def _opening(trace: Trace, told: Mapping[Side, TracedSide]) -> Iterator[str]:
    what = "what changed" if len(told) > 1 else "where the time goes"
    yield heading(1, f"{code(process_words(trace.sides.benchmark))}: {what}")
    python = trace.environments.side(Side.BASE).record.provenance.python
    label = trace.pair.base.label if trace.pair.is_same else trace.pair.label
    runs = joined(
        [
            f"{counted(len(one.timelines), 'recorded run')}{_of(told, side)}"
            for side, one in told.items()
        ]
    )
    yield f"{trace.target.name} {label}, Python {python}; {runs}. Network: {trace.network}."
    yield load_words(trace.load)
    if trace.failures:
        yield "**Not all runs succeeded; what was recorded is shown:**"
        yield bullets(prose(line) for line in trace.failures)


def _of(told: Mapping[Side, TracedSide], side: Side, between: str = " of ") -> str:
    """Which side something is of, where there are two."""
    return f"{between}{side}" if len(told) > 1 else ""


def _pictures(
    trace: Trace,
    told: Mapping[Side, TracedSide],
    artefacts: Artefacts,
    shown: Mapping[Side, Callable[[str], str]],
) -> Iterator[str]:
    """Two sides share one scale."""
    longest = max(one.shown.wall_ns for one in told.values())
    files: list[str] = []
    for side, one in told.items():
        wall = seconds(one.shown.wall_ns / 1e9)
        title = f"{process_words(trace.sides.benchmark)}: {wall}"
        caption = (
            f"{trace.target.name} {trace.pair.side(side).label}, Python {trace.python}. Width is "
            "wall time. The critical path is what the command waited for at each moment."
        )
        picture = draw_timeline(one.shown, one.path, title, caption, longest)
        name = artefacts.write(_file(told, side, "timeline.svg"), picture)
        files += _trace_files(one, artefacts, told, side, shown[side])
        largest = sorted(Layer, key=lambda layer: -one.own(layer))[:3]
        parts = joined([f"{layer} {share(one.own(layer) / one.wall_s)}" for layer in largest])
        yield image(f"Timeline{_of(told, side)}, {wall}: {parts}", name)
    yield (
        "For [ui.perfetto.dev](https://ui.perfetto.dev) or chrome://tracing: "
        f"{joined(files)}. Spans name their caller; arrows lead from requests to the service and "
        "from parents to children."
    )


def _trace_files(
    one: TracedSide,
    artefacts: Artefacts,
    told: Mapping[Side, TracedSide],
    side: Side,
    shown: Callable[[str], str],
) -> Iterator[str]:
    """A file small enough to be kept with the page, and all of it beside."""
    whole = chrome_trace(one.shown, one.path, 0, shown)
    for least in _LEAST_NS:
        content = chrome_trace(one.shown, one.path, least, shown)
        if len(content) <= _SMALL_BYTES:
            break
    name = artefacts.write(_file(told, side, "trace.json"), content)
    raw = artefacts.write(
        f"raw/{_file(told, side, 'trace.json.gz')}", gzip.compress(whole, mtime=0)
    )
    yield f"{link(name, name)} (spans from {seconds(least / 1e9)} on; {link('all', raw)})"


def _file(told: Mapping[Side, TracedSide], side: Side, name: str) -> str:
    return f"{side}-{name}" if len(told) > 1 else name


def _where(told: Mapping[Side, TracedSide]) -> Iterator[str]:
    yield heading(2, "Where the time goes")
    explained = joined([f"{share(one.explained)}{_of(told, side)}" for side, one in told.items()])
    several = any(len(one.timelines) > 1 for one in told.values())
    yield (
        "The critical path: the first process's main thread, and where that waited for a child or "
        "a thread, what it waited for. Rows add up to the wall time; "
        f"{explained} is explained.{' Means of all recorded runs.' if several else ''}"
    )
    yield tables.where_it_went(told)
    yield collapsed("What the rows mean", bullets(tables.meanings(told)))


def _distances(trace: Trace, told: Mapping[Side, TracedSide]) -> Iterator[str]:
    """What a distance to the service costs, from runs at it."""
    if not trace.far:
        return
    side = list(told)[-1]
    yield heading(2, f"With latency to the service{_of(told, side, ', ')}")
    yield tables.distances({0.0: told[side].shown, **trace.far})
    yield (
        "One run for each latency, which the replay service adds to each response. The wall time "
        "of a single run varies with the machine; the share of the critical path is the better "
        "figure. Making a connection does not take longer here, as it would in a real network."
    )


def _details(told: Mapping[Side, TracedSide]) -> Iterator[str]:
    for side, one in told.items():
        found = tables.requests(one.shown)
        if found:
            many = len(one.shown.exchanges)
            listed = f", the longest {tables.REQUESTS} of {many}" if many > tables.REQUESTS else ""
            yield heading(2, f"HTTP requests{_of(told, side)}{listed}")
            yield found
    if any(len(one.shown.processes) > 1 for one in told.values()):
        yield heading(2, "Processes")
        yield tables.processes(told)
    yield heading(2, "Counts")
    yield tables.counts(told)


def _closing(trace: Trace) -> Iterator[str]:
    yield heading(2, "Overhead of the recorder")
    lines = [
        f"{f'{side}: ' if len(trace.runs) > 1 else ''}{_overhead(runs.overhead)}"
        for side, runs in trace.runs.items()
        if runs.overhead.bare and runs.overhead.profiled
    ]
    yield bullets(lines) if lines else "Not known: no run without the recorder succeeded."
    yield (
        "The recorder runs in every Python process (`sitecustomize` wraps functions that wait or "
        "serialise); of other programs only start and end are known. Its overhead is included in "
        "the figures above."
    )
    yield heading(2, "Repeat it")
    name = trace.sides.benchmark.name
    yield code(repeat_command("trace", trace.target.name, trace.pair, trace.python, name))


def _overhead(over: Overhead) -> str:
    runs = counted(len(over.bare), "run")
    if over.is_below_noise:
        return f"recorder overhead below noise ({runs})"
    bare, recorded = (median(one.cpu_s for one in some) for some in (over.bare, over.profiled))
    order = "in turn" if len(over.bare) > 1 else "the one without first, with colder caches"
    return (
        f"wall time {seconds(over.bare_wall_s)} without and {seconds(over.profiled_wall_s)} with "
        f"the recorder ({percent(over.factor)}), CPU time {seconds(bare)} and {seconds(recorded)} "
        f"({percent(recorded / bare)}); {runs} each, {order}"
    )
