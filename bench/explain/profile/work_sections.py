"""Sections about work in place of time: calls, memory, objects, system calls; one side or two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import pair_words, process_words, revision_words
from bench.explain.profile.difference import moved
from bench.explain.profile.flame import Caption, Totals, by_package, milliseconds, shift
from bench.explain.profile.frames import Frame
from bench.explain.profile.functions import Called, Functions
from bench.explain.profile.holders import holders_section
from bench.explain.profile.memory import Memory, memray_page
from bench.explain.profile.objects import Growth, Population
from bench.explain.profile.processes import InTurn
from bench.explain.profile.session import Profile
from bench.explain.profile.system import SystemCalls
from bench.explain.profile.tables import ROWS, share_words
from bench.explain.profile.tools import Hyperfine
from bench.explain.profile.tree import build_tree, costs
from bench.explain.profile.words import ratio_words, what_went
from bench.formats.markdown import code, heading, image, table
from bench.formats.text import counted, joined, seconds

Name = TypeVar("Name", str, Frame)
_NOTHING = Called(0, 0.0, 0.0)


def work_sections(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """All of them that were taken."""
    taken = profile.taken
    if taken.memory:
        yield from _memory(profile, taken.memory, artefacts)
    if taken.functions:
        yield from _functions(taken.functions, artefacts)
    if taken.objects:
        yield from _objects(taken.objects, artefacts)
    if taken.system:
        yield from _system(taken.system)
    if taken.hyperfine:
        yield from _hyperfine(taken.hyperfine, artefacts)
    if taken.events:
        sides = {side: taken.events.last(side) for side in taken.events.found}
        yield heading(2, "Hardware events")
        yield _counted("event, by perf", list(sides.values()), sides)


def size_words(value: float) -> str:
    """Bytes with a fitting unit; nothing at all is `0`."""
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if abs(value) >= factor:
            return f"{value / factor:.1f} {unit}".replace("-", "−")
    return f"{value:.0f} B".replace("-", "−") if value else "0"


def _memory(profile: Profile, found: InTurn[Memory], artefacts: Artefacts) -> Iterator[str]:
    sides = {side: found.last(side) for side in found.found}
    yield heading(2, "Memory")
    yield image("Memory at the peak", artefacts.write("memory.svg", _at_peak(profile, sides)))
    rows = [
        ["held at the peak", *(size_words(one.peak) for one in sides.values())],
        ["allocated in all", *(size_words(one.total) for one in sides.values())],
        ["allocations", *(f"{one.blocks:,}" for one in sides.values())],
    ]
    if next(iter(sides.values())).capture is None:
        yield "By tracemalloc: what Python held at the end, by line, and the peak."
        yield table(("", *_columns(sides)), [rows[0], ["held at the end", *rows[1][1:]]])
        return
    yield table(("", *_columns(sides)), rows)
    yield (
        "By memray, of the process that needs most: Python's own allocators and those of C code. "
        "The interpreter's start, and C extensions of the standard library that memray itself "
        "needs, are not in it."
    )
    names = [
        name for side, one in sides.items() if (name := _html(_prefix(side, sides), one, artefacts))
    ]
    if names:
        yield f"memray's own flame graphs, where this was made: {joined(names)}."
    yield heading(3, "Who allocates")
    yield _allocated(sides)


def _at_peak(profile: Profile, sides: Mapping[Side, Memory]) -> bytes:
    stacks = [one.at_peak for one in sides.values()]
    what = "at the peak" if next(iter(sides.values())).capture else "at the end"
    if len(stacks) == 1:
        root = build_tree(stacks)
        title = f"{process_words(profile)}: {size_words(root.mean(Side.BASE))} {what}"
        words = f"{revision_words(profile, Side.BASE)}. Width is memory held {what}."
        caption = Caption(title, words, size_words)
        return by_package(root, Side.BASE, caption, profile.target.name)
    root = build_tree(stacks[:1], stacks[1:])
    totals = Totals(root.mean(Side.BASE), root.mean(Side.HEAD))
    caption = Caption(
        f"{process_words(profile)}: {size_words(totals.base)} → {size_words(totals.head)} {what}"
        f"{ratio_words(totals)}",
        f"{pair_words(profile)}. Width is memory held {what}, on one scale for both.",
        size_words,
    )
    same = moved(costs(stacks[:1], stacks[1:]))
    return shift(root, caption, totals, same, what_went(root, totals, same, size_words))


def _html(prefix: str, one: Memory, artefacts: Artefacts) -> str:
    name = f"raw/{prefix}memray.html"
    if one.capture is None:
        return ""
    artefacts.take(f"raw/{prefix}capture.memray", one.capture)
    made = memray_page(one.capture, artefacts.place(name))
    return code(name) if made else ""


def _allocated(sides: Mapping[Side, Memory]) -> str:
    """The functions that allocate most, or whose share changed most."""
    frames = {frame for one in sides.values() for frame in one.allocated}
    values = {frame: [one.allocated.get(frame, 0) for one in sides.values()] for frame in frames}
    rows = [
        [code(frame.title), *(size_words(value) for value in values[frame]),
         *_difference(values[frame], size_words)]
        for frame in _worst(values)
    ]  # fmt: skip
    return table(("function or module", *_columns(sides)), rows)


def _functions(found: InTurn[Functions], artefacts: Artefacts) -> Iterator[str]:
    sides = {side: found.last(side) for side in found.found}
    yield heading(2, "Calls")
    for side, one in sides.items():
        artefacts.take(f"raw/{_prefix(side, sides)}functions.pstats", one.file)
    totals = joined([f"{one.calls:,} ({side})" for side, one in sides.items()])
    yield (
        f"By cProfile: {totals if len(sides) > 1 else f'{sides[Side.BASE].calls:,}'} calls. Its "
        "clock makes what is called often look more expensive than it is; the numbers of calls "
        "are right."
    )
    if len(sides) == 1:
        yield _most_time(sides[Side.BASE])
        return
    frames = {frame for one in sides.values() for frame in one.called}
    values = {
        frame: [one.called.get(frame, _NOTHING).calls for one in sides.values()] for frame in frames
    }
    rows = [
        [code(frame.title), *(f"{value:,}" for value in values[frame]),
         *_difference(values[frame], _number)]
        for frame in _worst(values)
    ]  # fmt: skip
    yield table(("calls that changed most", *_columns(sides)), rows)


def _most_time(one: Functions) -> str:
    total = sum(called.own_s for called in one.called.values())
    ordered = sorted(one.called.items(), key=lambda item: (-item[1].own_s, item[0]))
    rows = [
        [
            code(frame.title),
            f"{called.calls:,}",
            milliseconds(called.own_s * 1000),
            share_words(called.own_s, total),
            milliseconds(called.inclusive_s * 1000),
        ]
        for frame, called in ordered[:ROWS]
    ]
    return table(("function or module", "calls", "own time", "share", "with all it calls"), rows)


def _objects(found: InTurn[Growth], artefacts: Artefacts) -> Iterator[str]:
    grown = {side: found.last(side) for side in found.found}
    sides = {side: one.kinds for side, one in grown.items()}
    names = {name for one in sides.values() for name in one}
    none = Population(0, 0)
    counts = {name: [one.get(name, none).count for one in sides.values()] for name in names}
    totals = [sum(kind.count for kind in one.values()) for one in sides.values()]
    sizes = [sum(kind.size for kind in one.values()) for one in sides.values()]
    yield heading(2, "Objects that stay")
    yield (
        "Objects the garbage collector tracks, at the end of the process and more than at its "
        "start, by type; strings and numbers are not among them. Bytes are their own, without "
        "what they refer to."
    )
    all_ = (_kind(Population(*both)) for both in zip(totals, sizes, strict=True))
    rows = [["all", *all_, *_difference(totals, _number)]]
    rows += [
        [code(name), *(_kind(one.get(name, none)) for one in sides.values()),
         *_difference(counts[name], _number)]
        for name in _worst(counts)
    ]  # fmt: skip
    yield table(("type", *_columns(sides)), rows)
    yield from holders_section(grown, artefacts)


def _kind(one: Population) -> str:
    return f"{_number(one.count)} ({size_words(one.size)})" if one.count else "0"


def _system(found: InTurn[SystemCalls]) -> Iterator[str]:
    sides = {side: found.last(side) for side in found.found}
    calls = [sum(one.calls.values()) for one in sides.values()]
    failed = [sum(one.failed.values()) for one in sides.values()]
    yield heading(2, "System calls and files")
    yield (
        f"By strace, child processes included: {joined([f'{value:,}' for value in calls])} calls, "
        f"{joined([f'{value:,}' for value in failed])} of them failed."
    )
    yield _counted("system call", [one.calls for one in sides.values()], sides)
    yield "Calls that name a file, by its folder:"
    yield _counted("folder", [one.folders for one in sides.values()], sides)
    missed = counted(sum(sum(one.missing.values()) for one in sides.values()), "such call")
    yield f"{missed} found nothing:"
    yield _counted("folder", [one.missing for one in sides.values()], sides)


def _hyperfine(found: InTurn[Hyperfine], artefacts: Artefacts) -> Iterator[str]:
    sides = {side: found.last(side) for side in found.found}
    yield heading(2, "hyperfine")
    for side, one in sides.items():
        artefacts.take(f"raw/{_prefix(side, sides)}hyperfine.json", one.file)
    yield (
        "Wall time as hyperfine has it, one side after the other: for those who know its figures. "
        "A difference between two such blocks is no evidence; `bench run` measures pairs."
    )
    rows = [
        [str(side), seconds(one.mean_s), seconds(one.deviation_s), seconds(one.median_s)]
        for side, one in sides.items()
    ]
    yield table(("side", "mean", "standard deviation", "median"), rows)


def _counted(what: str, counts: Sequence[Mapping[str, int]], sides: Collection[Side]) -> str:
    names = {name for one in counts for name in one}
    values = {name: [one.get(name, 0) for one in counts] for name in names}
    rows = [
        [code(name), *(f"{value:,}" for value in values[name]),
         *_difference(values[name], _number)]
        for name in _worst(values)
    ]  # fmt: skip
    return table((what, *_columns(sides)), rows)


def _weight(values: Sequence[int]) -> int:
    """What a row is sorted by: its value, or its change."""
    return values[0] if len(values) == 1 else abs(values[1] - values[0])


def _prefix(side: Side, sides: Collection[Side]) -> str:
    """What a raw file's name begins with, where there are two of them."""
    return f"{side}." if len(sides) > 1 else ""


def _columns(sides: Collection[Side]) -> list[str]:
    """A column for each side, and one for the difference."""
    return [*sides, "difference"] if len(sides) > 1 else ["value"]


def _worst(values: Mapping[Name, Sequence[int]]) -> list[Name]:
    """Of one side the largest, of two those that changed most; what did not change is left out."""
    changed = [name for name in values if _weight(values[name])]
    return sorted(changed, key=lambda name: (-_weight(values[name]), name))[:ROWS]


def _difference(values: Sequence[int], words: Callable[[float], str]) -> list[str]:
    if len(values) == 1:
        return []
    change = values[1] - values[0]
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return [f"{sign}{words(abs(change))}"]


def _number(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−")
