"""Tables of a profile's page: functions, packages, modules, overheads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.core.sample import Side
from bench.explain.profile.difference import CONFIDENCE, Change, change_of
from bench.explain.profile.flame import milliseconds
from bench.explain.profile.frames import Frame
from bench.explain.profile.processes import Overhead
from bench.explain.profile.tree import Cost
from bench.formats.markdown import code, table

ROWS = 15


def top_functions(found: Mapping[Frame, Cost], side: Side, total_ms: float) -> str:
    """Functions by time of their own; modules' bodies among them."""
    ordered = sorted(found.items(), key=lambda item: (-item[1].own(side).mean(), item[0]))
    rows = [
        [
            code(frame.title),
            milliseconds(float(cost.own(side).mean())),
            share_words(float(cost.own(side).mean()), total_ms),
            milliseconds(float(cost.inclusive(side).mean())),
        ]
        for frame, cost in ordered[:ROWS]
    ]
    return table(("function or module", "own time", "share", "with all it calls"), rows)


def packages(found: Mapping[str, Cost], side: Side, total_ms: float) -> str:
    """Packages by time of their own."""
    ordered = sorted(found.items(), key=lambda item: (-item[1].own(side).mean(), item[0]))
    rows = [
        [
            code(group),
            milliseconds(float(cost.own(side).mean())),
            share_words(float(cost.own(side).mean()), total_ms),
            milliseconds(float(cost.inclusive(side).mean())),
        ]
        for group, cost in ordered[:ROWS]
    ]
    return table(("package", "own time", "share", "with all it calls"), rows)


def changed_packages(found: Mapping[str, Cost]) -> str:
    """Packages whose own time changed most."""
    changes = [(code(group), change_of(cost.base_self, cost.head_self))
               for group, cost in found.items()]  # fmt: skip
    return _changes("package, its own time", changes)


def changed_functions(found: Mapping[Frame, Cost], *, gained: bool) -> str:
    """Functions and modules that lost (or gained) most, with all they call; certain ones only."""
    changes = [
        (code(frame.title), change_of(cost.base, cost.head)) for frame, cost in found.items()
    ]
    wanted = [one for one in changes if one[1].is_certain and (one[1].difference > 0) == gained]
    return _changes("function or module, with all it calls", wanted) if wanted else ""


def changed_own(found: Mapping[Frame, Cost]) -> str:
    """Functions and modules whose own time changed most; certain ones only."""
    changes = [
        (code(frame.title), change_of(cost.base_self, cost.head_self))
        for frame, cost in found.items()
    ]
    wanted = [one for one in changes if one[1].is_certain]
    return _changes("function or module, its own time", wanted) if wanted else ""


def overheads(found: Mapping[str, Mapping[Side, Overhead]]) -> str:
    """What each profiler costs."""
    rows = [
        [
            name,
            str(side) if len(sides) > 1 else "",
            milliseconds(one.bare_wall_s * 1000),
            milliseconds(one.profiled_wall_s * 1000),
            f"{one.factor:.2f}x",
            str(len(one.profiled)),
        ]
        for name, sides in found.items()
        for side, one in sides.items()
    ]
    return table(("profiler", "side", "without", "with", "overhead", "runs"), rows)


def share_words(value: float, total: float) -> str:
    """A share in per cent."""
    return f"{value / total:.1%}" if total else "–"


def difference_words(change: Change) -> str:
    """A difference with its limits: `+12.0 ms (+11.2 … +13.1)`."""
    if not math.isfinite(change.low):
        return f"{_signed(change.difference)} ms"
    return f"{_signed(change.difference)} ms ({_signed(change.low)} … {_signed(change.high)})"


def _changes(what: str, changes: Iterable[tuple[str, Change]]) -> str:
    ordered: Sequence[tuple[str, Change]] = sorted(
        changes, key=lambda item: (-abs(item[1].difference), item[0])
    )[:ROWS]
    rows = [
        [
            name,
            milliseconds(change.base),
            milliseconds(change.head),
            difference_words(change),
        ]
        for name, change in ordered
    ]
    return table((what, "base", "head", f"difference ({CONFIDENCE:.0%} interval)"), rows)


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")
