"""A result as one line of at most 80 columns: mark, name, before → after, change, verdict."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from bench.core.result import Evaluation, Memory, Result
from bench.core.verdict import Interval, Verdict
from bench.formats.text import (
    amount,
    bytes_before_after,
    figures,
    is_bounded,
    joined,
    magnitude,
    percent,
    verdict_words,
)
from bench.report.pair.asides import asides, excerpt

WIDTH = 80
# Blue and orange tell apart for the colour-blind too, and the mark says it without any colour.
MARKS = {
    Verdict.BROKEN: ("✗", "bold red"),
    Verdict.FASTER: ("▼", "bold dodger_blue1"),
    Verdict.SLOWER: ("▲", "bold dark_orange"),
    Verdict.LESS_MEMORY: ("▼", "bold dodger_blue1"),
    Verdict.MORE_MEMORY: ("▲", "bold dark_orange"),
    Verdict.BELOW_MEI: ("≈", "default"),
    Verdict.SAME: ("=", "default"),
    Verdict.UNDECIDED: ("?", "default"),
    None: ("–", "dim"),
}
_DIFFERS = ("⚠", "bold dark_orange")  # of the control
_WIDTHS = (16, 16, 20)  # name, times and change, where nothing is longer
_MOST_ROWS = 30
_MEMORY = frozenset({Verdict.LESS_MEMORY, Verdict.MORE_MEMORY})
_BELOW_MEI = "below the minimum effect"


def result_line(result: Result, widths: Sequence[int] = _WIDTHS) -> Text:
    """A line in columns of these widths; what would be too long for the screen is set closer.

    A name is never cut: one for which there is no room stands on a line of its own, above.
    """
    differs = result.is_control and result.verdict in {Verdict.FASTER, Verdict.SLOWER}
    mark, style = _DIFFERS if differs else MARKS[result.verdict]
    cells = result_cells(result)
    verdict = verdict_words(result)
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    below = f"{cells[0]}\n    "
    tries = [
        padded,
        [*padded[:2], cells[2]],
        cells,
        [below.ljust(len(below) + widths[0]), *padded[1:]],
        [below.ljust(len(below) + widths[0]), padded[1], cells[2]],
        [below, *cells[1:]],
    ]
    for columns in tries if result.size is not None or len(cells[0]) <= widths[0] else [cells]:
        line = f"  {mark} {'  '.join((*filter(None, columns), verdict))}"
        if max(map(len, line.split("\n"))) <= WIDTH:
            break
    text = Text(line)
    text.stylize(style, 2, 3)
    text.stylize(style, len(line) - len(verdict))
    return text


def result_cells(result: Result) -> list[str]:
    """Name, times and change."""
    interval = result.size.interval if result.size else None
    return [result.name, _before_after(result), short_change(interval)]


def result_lines(results: Sequence[Result]) -> list[Text]:
    """Lines for all results, in columns as wide as they need; below each what stands beside it."""
    widths = _widths(results)
    return [line for result in results for line in _lines_of(result, widths)]


def _widths(results: Sequence[Result]) -> list[int]:
    """As wide as needed; the names' column only as there is room, whatever their length."""
    rows = [result_cells(result) for result in results]
    names, *others = [[*map(len, column)] for column in zip(*rows, strict=True)]
    figures_ = [max(column) for column in others]
    # A long verdict goes with a short change, and is set closer to it.
    ends = [
        changes + len(verdict_words(one)) + 2
        for one, changes in zip(results, others[1], strict=True)
        if one.size is not None
    ]
    room = WIDTH - 4 - 2 - figures_[0] - 2 - max(ends, default=0)
    return [max((one for one in names if one <= room), default=0), *figures_]


def worth_a_row(results: Sequence[Result]) -> list[Result]:
    """The results of a run, in their order; of very many those that say most.

    Those are the control, what is broken or was not measured, and then the largest changes.
    """
    if len(results) <= _MOST_ROWS:
        return list(results)

    def says(result: Result) -> float:
        if result.is_control or result.verdict in {None, Verdict.BROKEN}:
            return math.inf
        ratio = result.size.interval.ratio if result.size else 1.0
        told = result.verdict not in {Verdict.SAME, Verdict.UNDECIDED}
        return told + (abs(math.log(ratio)) if ratio > 0 else 0.0)

    ordered = sorted(range(len(results)), key=lambda n: -says(results[n]))
    return [results[n] for n in sorted(ordered[:_MOST_ROWS])]


def _lines_of(result: Result, widths: Sequence[int]) -> Iterator[Text]:
    """The line of a result, with its memory at the end if there is room, and what stands beside."""
    line = result_line(result, widths)
    short = f", memory {_memory_size(result)}" if is_memory_told(result) else ""
    is_inside = len(str(line).rpartition("\n")[2]) + len(short) <= WIDTH
    yield line.append(short) if is_inside else line
    if short and not is_inside:
        yield Text(f"      {memory_words(result.memory)}")
    yield from _aside_lines(result)


def is_memory_told(result: Result) -> bool:
    """Whether memory has something to say beside the verdict on time."""
    return result.memory is not None and result.memory.is_told and not result.is_of_memory


def memory_words(memory: Memory | None) -> str:
    """`memory +12.0% (38.0 → 42.6 MiB)`."""
    if memory is None:
        return ""
    size = amount(1.0, memory.interval.ratio)
    return f"memory {size} ({bytes_before_after(memory.base_bytes, memory.head_bytes)})"


def _memory_size(result: Result) -> str:
    return amount(1.0, result.memory.interval.ratio) if result.memory else ""


def _aside_lines(result: Result) -> list[Text]:
    lines = [f"      ⚠ {one}" for one in asides(result)]
    lines += [f"        {one}" for one in filter(None, [excerpt(result)])]
    return [Text(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…") for line in lines]


def _before_after(result: Result) -> str:
    """`80.9 → 59.4 ms`; "" for what was not measured."""
    return figures(result) if result.size is not None else ""


def short_change(interval: Interval | None) -> str:
    """`+9.7% (+8.0…+11.2)` or `1.35x (1.29 to 1.42)`: the verdict beside it says which way."""
    if interval is None:
        return ""
    size = magnitude(interval.ratio)
    if not is_bounded(interval):
        return size
    if not size.endswith("x") or interval.low < 1 < interval.high:
        low, high = (percent(limit).rstrip("%") for limit in (interval.low, interval.high))
        return f"{percent(interval.ratio)} ({low}…{high})"
    least, most = sorted(max(limit, 1 / limit) for limit in (interval.low, interval.high))
    digits = 2 if most < 10 else 1
    return f"{size} ({least:.{digits}f}–{most:.{digits}f})"


def mean_lines(evaluation: Evaluation) -> list[str]:
    """How all, and each group, changed together, with the numbers of benchmarks."""
    means = [
        f"{one.group or 'all'} {len(one.counted)} {short_change(one.interval)}"
        for one in evaluation.means
    ]
    if not means:
        return []
    words = f"geometric mean of {' · '.join(means)}"
    return textwrap.wrap(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def counts(results: Sequence[Result]) -> str:
    """`8 faster · 0 slower · 1 same`, and what else there is; the control does not count."""
    tested = [result for result in results if not result.is_control]
    fixed = sum(result.works_on_head_only for result in tested)
    found = Counter(result.verdict for result in tested)
    found[None] -= fixed
    broken = (Verdict.BROKEN,) if found[Verdict.BROKEN] else ()
    always = (*broken, Verdict.FASTER, Verdict.SLOWER, Verdict.SAME)
    words = [f"{found[verdict]} {verdict}" for verdict in always]
    words += [
        f"{found[verdict]} {name}"
        for verdict, name in (
            (Verdict.BELOW_MEI, _BELOW_MEI),
            (Verdict.UNDECIDED, "undecided"),
            (None, "not measured"),
        )
        if found[verdict]
    ]
    words += [f"{fixed} works on head only"] if fixed else []
    memory = memory_counts(tested)
    return " · ".join([*words, *([f"memory: {memory}"] if memory else [])])


def memory_counts(results: Sequence[Result]) -> str:
    """`3 less, 1 more`, of benchmarks that are decided by time or by memory; "" where neither."""
    told = Counter(one.memory.verdict for one in results if one.memory)
    words = ((Verdict.LESS_MEMORY, "less"), (Verdict.MORE_MEMORY, "more"))
    return ", ".join(f"{told[verdict]} {word}" for verdict, word in words if told[verdict])


def in_words(python: str, results: Sequence[Result]) -> str:
    """The last line of a run: how many got faster and slower, and by how much at most."""
    tested = [result for result in results if not result.is_control]
    if len(tested) == 1:
        (only,) = tested
        size = f" ({_size(only)})" if only.size is not None else ""
        if only.works_on_head_only:
            return f"Python {python}: {only.name} works on head only."
        verb = "takes" if only.is_of_memory and only.verdict in _MEMORY else "is"
        words = f"{only.name} {verb} {only.verdict or 'not measured'}{size}"
        beside = f", {memory_words(only.memory)}" if is_memory_told(only) else ""
        return f"Python {python}: {words}{beside}."
    broken = [result.name for result in tested if result.verdict is Verdict.BROKEN]
    parts = [
        *([f"{len(broken)} broken ({joined(broken[:3])})"] if broken else []),
        _extreme(tested, Verdict.FASTER, "faster", sign=1),
        _extreme(tested, Verdict.SLOWER, "slower", sign=-1),
    ]
    undecided = sum(result.verdict is Verdict.UNDECIDED for result in tested)
    if undecided:
        parts.append(f"{undecided} undecided")
    memory = memory_counts(tested)
    beside = f" Memory: {memory}." if memory else ""
    return f"Python {python}: of {len(tested)} benchmarks {', '.join(parts)}.{beside}"


def _size(result: Result) -> str:
    if result.size is None:
        return ""
    ratio = result.size.interval.ratio
    return amount(1.0, ratio) if result.is_of_memory else magnitude(ratio)


def _extreme(results: Sequence[Result], verdict: Verdict, word: str, *, sign: int) -> str:
    """`8 are faster, import-console most (1.35x)`."""
    found = [result for result in results if result.verdict is verdict]
    sized = [(one.size.interval.ratio * sign, one) for one in found if one.size is not None]
    if not sized:
        return f"none is {word}"
    ratio, most = min(sized, key=lambda pair: pair[0])
    verb = "is" if len(found) == 1 else "are"
    return f"{len(found)} {verb} {word} ({most.name} most: {magnitude(ratio * sign)})"
