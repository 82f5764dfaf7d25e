"""The page of a trace: `README.md`, with the pictures and the trace files beside it."""

from __future__ import annotations

import gzip
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.core.sample import Side
from bench.core.target import Kind
from bench.core.workspace import Workspace
from bench.explain.profile.artefacts import Artefacts
from bench.explain.trace import tables
from bench.explain.trace.chrome import chrome_trace
from bench.explain.trace.findings.finding import BoundaryFinding
from bench.explain.trace.findings.page import findings_section
from bench.explain.trace.findings.sides import shortener
from bench.explain.trace.means import Told
from bench.explain.trace.picture import draw_timeline
from bench.explain.trace.session import Trace
from bench.formats.markdown import bullets, code, collapsed, document, heading, image, link, prose
from bench.formats.text import counted, joined, seconds, share

_SMALL_BYTES = 400_000
_LEAST_NS = (50_000, 200_000, 500_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)


def write_trace(
    trace: Trace, findings: Mapping[Side, list[BoundaryFinding]], folder: Path, workspace: Workspace
) -> Path:
    """Write everything of a scenario; returns its page."""
    artefacts = Artefacts(folder, "trace")
    told = {side: Told(tuple(runs.timelines), runs.shown) for side, runs in trace.runs.items()}
    shown = {side: shortener(trace, side, workspace) for side in told}
    blocks = (
        *_opening(trace, told),
        *_pictures(trace, told, artefacts, shown),
        *_where(told),
        *findings_section(findings, told),
        *_distances(trace, told),
        *_own_code(told, shown),
        *_details(told),
        *_closing(trace),
    )
    return artefacts.finish(document(blocks))


def _opening(trace: Trace, told: Mapping[Side, Told]) -> Iterator[str]:
    what = "what changed" if len(told) > 1 else "where the time goes"
    yield heading(1, f"{code(process_words(trace))}: {what}")
    python = trace.environments.side(Side.BASE).record.provenance.python
    label = trace.pair.base.label if trace.pair.is_same else trace.pair.label
    runs = joined([_runs_words(side, one, len(told)) for side, one in told.items()])
    yield f"{trace.target.name} {label}, Python {python}; {runs}. Network: {trace.network}."
    if trace.failures:
        yield "**Not all of it went well; what was recorded is shown:**"
        yield bullets(prose(line) for line in trace.failures)


def _runs_words(side: Side, told: Told, sides: int) -> str:
    words = counted(len(told.timelines), "recorded run")
    return f"{words} of {side}" if sides > 1 else words


def _pictures(
    trace: Trace,
    told: Mapping[Side, Told],
    artefacts: Artefacts,
    shown: Mapping[Side, Callable[[str], str]],
) -> Iterator[str]:
    """Two sides share one scale."""
    longest = max(one.shown.wall_ns for one in told.values())
    files: list[str] = []
    for side, one in told.items():
        title = f"{process_words(trace)}: {seconds(one.shown.wall_ns / 1e9)}"
        caption = (
            f"{trace.target.name} {trace.pair.side(side).label}, Python {trace.python}. Width is "
            "wall time; the top line goes where the command's user waited, so it adds up."
        )
        picture = draw_timeline(one.shown, one.path, title, caption, longest)
        name = artefacts.write(_file(told, side, "timeline.svg"), picture)
        files += _trace_files(one, artefacts, told, side, shown[side])
        yield image(f"Timeline{f' of {side}' if len(told) > 1 else ''}", name)
    yield (
        "For [ui.perfetto.dev](https://ui.perfetto.dev) (or chrome://tracing): "
        f"{joined(files)}. Spans have who called them; arrows go from requests to the service and "
        "from parents to children."
    )


def _trace_files(
    one: Told,
    artefacts: Artefacts,
    told: Mapping[Side, Told],
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


def _file(told: Mapping[Side, Told], side: Side, name: str) -> str:
    return f"{side}-{name}" if len(told) > 1 else name


def _where(told: Mapping[Side, Told]) -> Iterator[str]:
    yield heading(2, "Where the time goes")
    explained = joined(
        [
            f"{share(one.explained)}{f' of {side}' if len(told) > 1 else ''}"
            for side, one in told.items()
        ]
    )
    means = (
        " Means of all recorded runs." if any(len(o.timelines) > 1 for o in told.values()) else ""
    )
    yield (
        "What the command's user waited for: the first process's main thread, and where that "
        "waited for a child or a thread, what it waited for. Rows add up to the wall time; "
        f"{explained} is explained.{means}"
    )
    yield tables.where_it_went(told)
    yield collapsed("What the rows mean", bullets(tables.meanings(told)))


def _distances(trace: Trace, told: Mapping[Side, Told]) -> Iterator[str]:
    """What a distance to the service costs, from runs at it."""
    if not trace.far:
        return
    side = list(told)[-1]
    yield heading(2, "The service further away" + (f", {side}" if len(told) > 1 else ""))
    yield tables.distances({0.0: told[side].shown, **trace.far})
    yield (
        "One run at each distance; the replay service holds each answer back for so long. The wall "
        "time of a single run also has what the machine did besides: the share of the path is the "
        "better figure. Making a connection is not slower, as it would be."
    )


def _own_code(
    told: Mapping[Side, Told], shown: Mapping[Side, Callable[[str], str]]
) -> Iterator[str]:
    for side, one in told.items():
        found = tables.own_code(one, shown[side])
        if found:
            yield heading(2, "Own code by function" + (f", {side}" if len(told) > 1 else ""))
            yield (
                "CPU time of the first process between recorded calls, under the innermost "
                "function that the calls before and after came from: with all that it called in "
                "between. `profile` says more."
            )
            yield found


def _details(told: Mapping[Side, Told]) -> Iterator[str]:
    for side, one in told.items():
        found = tables.requests(one.shown)
        if found:
            many = len(one.shown.exchanges)
            listed = f", the longest {tables.REQUESTS} of {many}" if many > tables.REQUESTS else ""
            of_side = f" of {side}" if len(told) > 1 else ""
            yield heading(2, f"HTTP requests{of_side}{listed}")
            yield found
    if any(len(one.shown.processes) > 1 for one in told.values()):
        yield heading(2, "Processes")
        yield tables.processes(told)
    yield heading(2, "Counts")
    yield tables.counts(told)


def _closing(trace: Trace) -> Iterator[str]:
    yield heading(2, "What recording costs")
    lines = []
    for side, runs in trace.runs.items():
        over = runs.overhead
        if over.bare and over.profiled:
            cpu = [median(s.cpu_s for s in some) for some in (over.bare, over.profiled)]
            first = (
                "" if len(over.bare) > 1 else ", the one without first and so with colder caches"
            )
            lines.append(
                f"{f'{side}: ' if len(trace.runs) > 1 else ''}"
                f"{seconds(over.bare_wall_s)} without and {seconds(over.profiled_wall_s)} with the "
                f"recorder ({(over.factor - 1) * 100:+.1f}% of wall time); CPU time "
                f"{seconds(cpu[0])} and {seconds(cpu[1])} ({(cpu[1] / cpu[0] - 1) * 100:+.1f}%); "
                f"{counted(len(over.bare), 'run')} each, in turn{first}"
            )
    yield bullets(lines) if lines else "Not known: no run without the recorder went well."
    yield (
        "The recorder is in every Python process (`sitecustomize`: replaced functions "
        "that wait or serialise); of other programs only start and end are known. Its own time is "
        "in the figures above."
    )
    yield heading(2, "Again")
    pair = trace.pair
    what = pair.base.name if pair.is_same else f"{pair.base.name}..{pair.head.name}"
    yield code(
        f"nox -s trace-{trace.target.name} -- {what} --python {trace.python} "
        f"--scenario {trace.sides.benchmark.name}"
    )


def process_words(trace: Trace) -> str:
    """The process as one would type it."""
    benchmark = trace.sides.benchmark
    if benchmark.kind is Kind.COMMAND:
        return shlex.join(benchmark.command)
    return benchmark.import_statement
