"""Tables of a pair: one row a benchmark, the Pythons as columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from bench.core.result import Result
from bench.core.sample import Design
from bench.core.target import Kind
from bench.core.verdict import Verdict
from bench.formats.markdown import code, collapsed, table
from bench.formats.text import (
    allocated_verdict,
    amount,
    before_after,
    bytes_before_after,
    change,
    change_of,
    figures,
    memory_change,
    memory_verdict,
    verdict_words,
)
from bench.report.pair.asides import asides
from bench.report.pair.conditions import load_words
from bench.report.pair.control import DOUBTFUL
from bench.report.pair.mounts_section import mounts_section
from bench.report.pair.upstream_section import upstream_section
from bench.report.select_runs import Shown

Cells = tuple[str, str]
Places = dict[str, dict[str, Result]]


def places_of(shown: Sequence[Shown], names: Sequence[str]) -> Places:
    """By benchmark, in the order of `names`, its result on each Python."""
    found: Places = {name: {} for name in names}
    for one in shown:
        for result in one.shown_results:
            found[result.name][one.python] = result
    return found


def comparison_table(places: Places, pythons: Sequence[str], doubtful: Collection[str] = ()) -> str:
    """Before, after, change and verdict of each benchmark.

    `doubtful` are the Pythons on which the control differs: each verdict there is marked, and the
    control has no row, but a warning above the table.
    """

    def cells(result: Result) -> Cells:
        return figures(result), change_of(result)

    shown = {
        name: kept
        for name, results in places.items()
        if (kept := {p: r for p, r in results.items() if not (r.is_control and p in doubtful)})
    }
    verdicts = {name: _verdicts(results, doubtful) for name, results in shown.items()}
    return _table(shown, pythons, cells, verdicts)


def _verdicts(results: dict[str, Result], doubtful: Collection[str]) -> str:
    words = {
        python: _marked(one) + (f" {DOUBTFUL}" if python in doubtful and one.interval else "")
        for python, one in results.items()
    }
    return _once(words)


def _once(words: dict[str, str]) -> str:
    """What is said of each Python, once where it is the same."""
    distinct = dict.fromkeys(words.values())
    if len(distinct) == 1:
        return next(iter(distinct))
    return "; ".join(f"{python}: {said}" for python, said in words.items())


def _marked(result: Result) -> str:
    words = verdict_words(result)
    if result.verdict is Verdict.BROKEN:
        return f"🔴 **{words}**"
    beside = "".join(f" ⚠ {one}" for one in asides(result))
    is_worse = result.verdict in {Verdict.SLOWER, Verdict.MORE_MEMORY}
    return (f"**{words}**" if is_worse else words) + beside


def _table(
    places: Places,
    pythons: Sequence[str],
    cells: Callable[[Result], Cells | None],
    verdicts: dict[str, str] | None = None,
) -> str:
    """Two columns a Python, of the benchmarks that have any; "" where none has."""
    rows = []
    for name, results in places.items():
        found = {python: cells(one) for python, one in results.items()}
        if any(found.values()):
            row = [cell for python in pythons for cell in found.get(python) or ("–", "–")]
            rows.append([_name(name, results), *row, *([verdicts[name]] if verdicts else [])])
    columns = ["benchmark"]
    for python in pythons:
        prefix = f"{python}: " if len(pythons) > 1 else ""
        columns += [f"{prefix}before → after", "change"]
    return table([*columns, *(["verdict"] if verdicts else [])], rows) if rows else ""


def _name(name: str, results: dict[str, Result]) -> str:
    is_control = any(one.is_control for one in results.values())
    return f"{code(name)} (control)" if is_control else code(name)


def more_tables(shown: Sequence[Shown], places: Places, pythons: Sequence[str]) -> Iterator[str]:
    """Collapsed: imports net of the start, wall time, memory, files of containers, requests."""
    net = _table(places, pythons, _net)
    if net:
        words = (
            "CPU time without the start of the bare interpreter, as published import times often "
            "have it. Intervals of 95% for each row by itself."
        )
        yield collapsed("Import cost net of interpreter start", words, net)
    walls = _table(places, pythons, _wall)
    if walls:
        yield collapsed("Wall time, sides in turn", _about_walls(shown), walls)
    yield from _memory_blocks(places, pythons)
    yield from _allocated_blocks(places, pythons)
    for one in shown:
        files = list(mounts_section(one.results))
        if files:
            yield collapsed(f"Files in a container, {one.name}", *files)
        asked = list(upstream_section(one.run, one.results))
        if asked:
            yield collapsed(f"What the service asked, {one.name}", *asked)


def _about_walls(shown: Sequence[Shown]) -> str:
    load = load_words(shown)
    beside = f" Other processes used {load} in the median." if load else ""
    sizes = [result.size for one in shown for result in one.shown_results if result.size]
    duets = (
        " CPU time of duets, in the table above, can be longer than wall time here: the two sides "
        "of a duet share one core and its caches."
        if any(size.design is Design.DUET for size in sizes)
        else ""
    )
    return (
        f"What a user waits for: one side after the other.{beside}{duets} Intervals of 95% for "
        "each row by itself, the verdict's own where it rests on wall time."
    )


def _net(result: Result) -> Cells | None:
    net = result.net
    if net is None or result.benchmark.kind is not Kind.IMPORT:
        return None
    return before_after(net.base_s, net.head_s), change(net.interval)


def _wall(result: Result) -> Cells | None:
    wall = result.wall
    return (before_after(wall.base_s, wall.head_s), change(wall.interval)) if wall else None


def _memory_blocks(places: Places, pythons: Sequence[str]) -> Iterator[str]:
    """A table of memory, with verdicts where it was judged; collapsed where nothing changed."""
    judged = any(one.memory for results in places.values() for one in results.values())
    if judged:  # which leaves the control out
        places = {
            name: kept
            for name, results in places.items()
            if (kept := {python: one for python, one in results.items() if not one.is_control})
        }
    verdicts = {name: _memory_verdicts(results) for name, results in places.items()}
    memory = _table(places, pythons, _memory, verdicts if judged else None)
    if not memory:
        return
    if not judged:
        words = "Peak resident memory of a process: medians, not tested."
        yield collapsed("Memory", words, memory)
        return
    words = (
        "Peak resident memory of a process, the largest of a command's: medians, and a verdict of "
        "its own over the rounds that were taken for time."
    )
    yield collapsed("Memory", words, memory)


def _allocated_blocks(places: Places, pythons: Sequence[str]) -> Iterator[str]:
    """A table of the bytes asked for in all, of the benchmarks for which that was asked."""
    asked = {
        name: kept
        for name, results in places.items()
        if (kept := {python: one for python, one in results.items() if one.allocated})
    }
    verdicts = {
        name: _once({p: allocated_verdict(r.allocated) for p, r in results.items() if r.allocated})
        for name, results in asked.items()
    }
    allocated = _table(asked, pythons, _allocated, verdicts)
    if allocated:
        words = (
            "Bytes that the process and its children ask for in all, also those given back at "
            "once: counted twice a side under valgrind, with one hash seed. Equal counts are "
            "exact, so there is no interval and no error rate."
        )
        yield collapsed("Memory allocated", words, allocated)


def _allocated(result: Result) -> Cells | None:
    found = result.allocated
    if found is None:
        return None
    if found.interval is None:
        return "–", "–"
    return bytes_before_after(found.base[0], found.head[0]), amount(1.0, found.interval.ratio)


def _memory_verdicts(results: dict[str, Result]) -> str:
    words = {
        python: f"**{said}**" if one.memory.verdict is Verdict.MORE_MEMORY else said
        for python, one in results.items()
        if one.memory and (said := memory_verdict(one.memory))
    }
    return _once(words) if words else "not tested"


def _memory(result: Result) -> Cells | None:
    memory = result.memory
    if memory is not None:
        words = bytes_before_after(memory.base_bytes, memory.head_bytes)
        return words, memory_change(memory.interval)
    base, head = result.base_rss_bytes, result.head_rss_bytes
    if not base or head is None or not result.benchmark.has_memory:  # it would be the driver's
        return None
    return bytes_before_after(base, head), amount(base, head)
