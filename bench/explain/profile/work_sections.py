"""Sections about work in place of time: memory, calls, objects, system calls; one side or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import pair_words, profiled_words, revision_words
from bench.explain.profile.difference import moved
from bench.explain.profile.flame import Caption, Totals, by_package, milliseconds, shift
from bench.explain.profile.functions import Called, Functions
from bench.explain.profile.holders import holders_section
from bench.explain.profile.memory import MemoryUse, memray_page
from bench.explain.profile.objects import Growth, Population
from bench.explain.profile.processes import InTurn
from bench.explain.profile.session import Profile
from bench.explain.profile.system import SystemCalls
from bench.explain.profile.tables import (
    ROWS,
    counted_table,
    difference_cells,
    name_words,
    number_words,
    side_columns,
    weight,
)
from bench.explain.profile.tree import build_tree, costs
from bench.explain.profile.words import headline, ratio_words
from bench.formats.markdown import code, heading, image, table
from bench.formats.text import counted, joined, share

Key = TypeVar("Key")
Value = TypeVar("Value")


def work_sections(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """All of them that were taken."""
    taken = profile.taken
    if taken.memory:
        yield from _memory(profile, taken.memory, artefacts)
    if taken.functions:
        yield from _functions(taken.functions, artefacts)
    if taken.objects:
        yield from _objects(taken.objects)
    if taken.system:
        yield from _system(taken.system)
    if taken.events:
        yield heading(2, "Hardware events")
        yield _counts("event, by perf", list(taken.events.latest.values()), taken.events)


def size_words(value: float) -> str:
    """Bytes with a fitting unit; nothing at all is `0`."""
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if abs(value) >= factor:
            return f"{value / factor:.1f} {unit}".replace("-", "−")
    return f"{value:.0f} B".replace("-", "−") if value else "0"


def _memory(profile: Profile, found: InTurn[MemoryUse], artefacts: Artefacts) -> Iterator[str]:
    sides = found.latest
    caption, picture = _at_peak(profile, sides)
    yield heading(2, "Memory")
    yield image(f"Memory: {caption.title}", artefacts.write("memory.svg", picture))
    peaks = [size_words(one.peak) for one in sides.values()]
    totals = [size_words(one.total) for one in sides.values()]
    blocks = [number_words(one.blocks) for one in sides.values()]
    yield table(
        ("", *sides),
        [["held at the peak", *peaks], ["allocated", *totals], ["allocations", *blocks]],
    )
    yield (
        "By memray, of the process with the highest peak: Python's own allocators and those of C "
        "code. The interpreter's start, and C extensions of the standard library that memray "
        "itself needs, are not included."
    )
    names = [
        name for side, one in sides.items() if (name := _html(_prefix(side, sides), one, artefacts))
    ]
    if names:
        yield f"memray's own flame graphs, beside this page where it was made: {joined(names)}."
    yield heading(3, "Allocated by function")
    allocated = _values([one.allocated for one in sides.values()], 0)
    yield counted_table("function or module", allocated, list(sides), size_words)


def _at_peak(profile: Profile, sides: Mapping[Side, MemoryUse]) -> tuple[Caption, bytes]:
    stacks = [one.at_peak for one in sides.values()]
    root = build_tree(stacks[:1], stacks[1:])
    totals = Totals(root.mean(Side.BASE), root.mean(Side.HEAD))
    sizes = [size_words(totals.side(side)) for side in sides]
    title = f"{profiled_words(profile)}: {' → '.join(sizes)} at the peak{ratio_words(totals)}"
    if len(stacks) == 1:
        words = f"{revision_words(profile, Side.BASE)}. Width is memory held at the peak."
        caption = Caption(title, words, size_words)
        return caption, by_package(root, Side.BASE, caption, profile.target.name)
    words = f"{pair_words(profile)}. Width is memory held at the peak, on one scale for both."
    caption = Caption(title, words, size_words)
    same = moved(costs(stacks[:1], stacks[1:]))
    return caption, shift(root, caption, totals, same, headline(root, totals, same, size_words))


def _html(prefix: str, one: MemoryUse, artefacts: Artefacts) -> str:
    name = f"raw/{prefix}memray.html"
    artefacts.take(f"raw/{prefix}capture.memray", one.capture)
    made = memray_page(one.capture, artefacts.place(name))
    return code(name) if made else ""


def _functions(found: InTurn[Functions], artefacts: Artefacts) -> Iterator[str]:
    sides = found.latest
    yield heading(2, "Calls")
    for side, one in sides.items():
        artefacts.take(f"raw/{_prefix(side, sides)}functions.pstats", one.file)
    totals = " → ".join(number_words(one.calls) for one in sides.values())
    yield (
        f"By cProfile: {totals} calls. It makes functions that are called often look slower than "
        "they are; the numbers of calls are exact."
    )
    if len(sides) == 1:
        yield _most_time(sides[Side.BASE])
        return
    calls = [
        {frame: called.calls for frame, called in one.called.items()} for one in sides.values()
    ]
    yield counted_table("calls that changed most", _values(calls, 0), list(sides))


def _most_time(one: Functions) -> str:
    total = sum(called.own_s for called in one.called.values())
    ordered = sorted(one.called.items(), key=lambda item: (-item[1].own_s, item[0]))
    rows = [
        [name_words(frame), number_words(called.calls), *_times(called, total)]
        for frame, called in ordered[:ROWS]
    ]
    return table(("function or module", "calls", "self time", "share", "cumulative time"), rows)


def _times(called: Called, total_s: float) -> list[str]:
    own, inclusive = (milliseconds(one * 1000) for one in (called.own_s, called.inclusive_s))
    return [own, share(called.own_s / total_s if total_s else None), inclusive]


def _objects(found: InTurn[Growth]) -> Iterator[str]:
    sides = found.latest
    kinds = _values([one.kinds for one in sides.values()], Population(0, 0))
    counts = {name: [one.count for one in both] for name, both in kinds.items()}
    totals = [
        Population(*(sum(getattr(kind, what) for kind in one.kinds.values()) for what in _SUMMED))
        for one in sides.values()
    ]
    yield heading(2, "Objects that stay alive")
    yield (
        "Objects that the garbage collector tracks: how many more there are at the end of the "
        "process than at its start, by type. It does not track strings and numbers. Bytes are "
        "those of the objects themselves, without what they refer to."
    )
    changed = [name for name in counts if weight(counts[name])]
    ordered = sorted(changed, key=lambda name: (-weight(counts[name]), name))[:ROWS]
    rows = [_kind_row("all", totals), *(_kind_row(code(name), kinds[name]) for name in ordered)]
    yield table(("type", *side_columns(list(sides))), rows)
    yield from holders_section(sides)


_SUMMED = ("count", "size")


def _kind_row(name: str, sides: Sequence[Population]) -> list[str]:
    cells = [
        f"{number_words(one.count)} ({size_words(one.size)})" if one.count else "0" for one in sides
    ]
    return [name, *cells, *difference_cells([one.count for one in sides], number_words)]


def _system(found: InTurn[SystemCalls]) -> Iterator[str]:
    sides = list(found.latest.values())
    calls, failed = (
        " → ".join(number_words(sum(one.values())) for one in some)
        for some in ([one.calls for one in sides], [one.failed for one in sides])
    )
    yield heading(2, "System calls and files")
    yield f"By strace, with child processes: {calls} calls, of which {failed} failed."
    yield _counts("system call", [one.calls for one in sides], found)
    yield "Calls that name a file, by the file's folder:"
    yield _counts("folder", [one.folders for one in sides], found)
    missed = counted(sum(sum(one.missing.values()) for one in sides), "of these calls failed",
                     "of these calls failed")  # fmt: skip
    yield f"{missed}:"
    yield _counts("folder", [one.missing for one in sides], found)


def _counts(what: str, counts: Sequence[Mapping[str, int]], found: InTurn[Value]) -> str:
    return counted_table(what, _values(counts, 0), list(found.found))


def _values(sides: Sequence[Mapping[Key, Value]], none: Value) -> dict[Key, list[Value]]:
    """What each key has on each side."""
    keys = {key for one in sides for key in one}
    return {key: [one.get(key, none) for one in sides] for key in keys}


def _prefix(side: Side, sides: Mapping[Side, object]) -> str:
    """What a raw file's name begins with, where there are two of them."""
    return f"{side}." if len(sides) > 1 else ""
