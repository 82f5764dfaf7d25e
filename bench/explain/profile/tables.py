"""Tables of a profile's page: time by function and by package, and what the profilers cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bench.core.sample import Side
from bench.explain.profile.difference import CONFIDENCE, FunctionChange, change_of
from bench.explain.profile.flame import milliseconds
from bench.explain.profile.frames import Frame
from bench.explain.profile.processes import Overhead
from bench.explain.profile.tree import Cost
from bench.formats.markdown import code, table
from bench.formats.text import share

ROWS = 15
Name = TypeVar("Name", bound="str | Frame")


def name_words(name: str | Frame) -> str:
    """A function, a module, a package or anything else that was counted."""
    return code(name.title if isinstance(name, Frame) else name)


def by_self_time(what: str, found: Mapping[Name, Cost], side: Side, total_ms: float) -> str:
    """Functions and modules, or packages, by self time."""
    ordered = sorted(found.items(), key=lambda item: (-item[1].own(side).mean(), item[0]))
    rows = []
    for name, cost in ordered[:ROWS]:
        own, inclusive = float(cost.own(side).mean()), float(cost.inclusive(side).mean())
        part = share(own / total_ms if total_ms else None)
        rows.append([name_words(name), milliseconds(own), part, milliseconds(inclusive)])
    return table((what, "self time", "share", "cumulative time"), rows)


def self_changes(found: Mapping[Name, Cost]) -> dict[Name, FunctionChange]:
    """How the self time of each changed."""
    return {name: change_of(cost.base_self, cost.head_self) for name, cost in found.items()}


def cumulative_changes(found: Mapping[Name, Cost]) -> dict[Name, FunctionChange]:
    """How the cumulative time of each changed."""
    return {name: change_of(cost.base, cost.head) for name, cost in found.items()}


def changes_table(
    what: str,
    changes: Mapping[Name, FunctionChange],
    wanted: Callable[[FunctionChange], bool] = bool,
) -> str:
    """Those that changed most of the wanted ones; a sentence where there are none."""
    ordered = sorted(
        ((name, one) for name, one in changes.items() if wanted(one)),
        key=lambda item: (-abs(item[1].difference), item[0]),
    )
    rows = [
        [name_words(name), milliseconds(one.base), milliseconds(one.head), difference_words(one)]
        for name, one in ordered[:ROWS]
    ]
    columns = (what, "base", "head", f"difference ({CONFIDENCE:.0%} interval)")
    return table(columns, rows) if rows else "No change is certain."


def overheads(found: Mapping[str, Mapping[Side, Overhead]]) -> str:
    """What each profiler costs."""
    rows = [
        [
            name,
            str(side) if len(sides) > 1 else "",
            milliseconds(one.bare_wall_s * 1000),
            milliseconds(one.profiled_wall_s * 1000),
            one.words,
            str(len(one.profiled)),
        ]
        for name, sides in found.items()
        for side, one in sides.items()
    ]
    return table(("profiler", "side", "without", "with", "overhead", "runs"), rows)


def difference_words(change: FunctionChange) -> str:
    """A difference with its limits: `+12.0 ms (+11.2 … +13.1)`."""
    if not math.isfinite(change.low):
        return f"{_signed(change.difference)} ms"
    return f"{_signed(change.difference)} ms ({_signed(change.low)} … {_signed(change.high)})"


def _signed(value: float) -> str:
    words = f"{value:+.1f}".replace("-", "−")
    return "0.0" if words in {"+0.0", "−0.0"} else words


def number_words(value: float) -> str:
    """A whole number."""
    return f"{value:,.0f}".replace("-", "−")


def weight(values: Sequence[float]) -> float:
    """What a row is sorted by: the value of one side, or the change between two."""
    return values[0] if len(values) == 1 else abs(values[1] - values[0])


def counted_table(
    what: str,
    values: Mapping[Name, Sequence[int]],
    sides: Sequence[Side],
    shown: Callable[[float], str] = number_words,
) -> str:
    """Counts or bytes of one side, the largest; of two sides those that changed most."""
    changed = [name for name in values if weight(values[name])]
    ordered = sorted(changed, key=lambda name: (-weight(values[name]), name))[:ROWS]
    rows = [
        [name_words(one), *map(shown, values[one]), *difference_cells(values[one], shown)]
        for one in ordered
    ]
    return table((what, *side_columns(sides)), rows)


def side_columns(sides: Sequence[Side]) -> list[str]:
    """A column for each side, and one for the difference."""
    return [*sides, "difference"] if len(sides) > 1 else ["value"]


def difference_cells(values: Sequence[float], words: Callable[[float], str]) -> list[str]:
    """The difference of two sides with its sign; nothing for one side."""
    if len(values) == 1:
        return []
    change = values[1] - values[0]
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return [f"{sign}{words(abs(change))}"]
