"""Where time and counters tell different stories. Neither overrules the other: both are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.core.counts import MODULES, Counter
from bench.core.result import Result
from bench.core.verdict import Verdict

# Instructions of one revision repeat within 0.01% here, system calls and modules exactly; less than
# this is not worth a remark, whatever the minimum effect of interest.
_SAME = 0.005
_TELLING = (
    Counter.PROCESSES, Counter.PROGRAMS, Counter.CONNECTIONS,
    Counter.REQUESTS, Counter.SERVICE_CONNECTIONS,
)  # fmt: skip
_FEW_MODULES = 5
_FEW_CALLS = 20
_CALLS = 0.05
_MEMORY = 0.10

Figures = Mapping[Counter, int]


def modules(figures: Figures) -> int | None:
    """All modules together."""
    found = [figures[kind] for kind in MODULES if kind in figures]
    return sum(found) if found else None


def disagreements(result: Result, base: Figures, head: Figures) -> list[str]:
    """What does not fit the verdict of time, a phrase each; empty when all agrees."""
    if result.verdict in {None, Verdict.UNDECIDED}:
        return []
    changed = list(_changes(base, head, result.mei))
    if result.verdict is Verdict.SAME:
        return [words for words, _change in changed]
    sign = -1 if _is_faster(result) else 1
    against = [words for words, change in changed if change * sign < 0]
    return against or _unexplained(result, base, head, changed)


def undecided(result: Result, base: Figures, head: Figures) -> list[str]:
    """What counters saw where time is undecided."""
    if result.verdict is not Verdict.UNDECIDED:
        return []
    return [words for words, _change in _changes(base, head, result.mei)]


def _is_faster(result: Result) -> bool:
    return result.interval is not None and result.interval.ratio < 1


def _unexplained(
    result: Result, base: Figures, head: Figures, changed: list[tuple[str, float]]
) -> list[str]:
    """A verdict of faster or slower, but the same work was done."""
    ratio = _ratio(Counter.INSTRUCTIONS, base, head)
    decided = result.verdict in {Verdict.FASTER, Verdict.SLOWER}
    if decided and not changed and ratio is not None and abs(ratio - 1) < _SAME:
        return ["instructions the same: waiting, memory or the machine, not the amount of work"]
    return []


def _changes(base: Figures, head: Figures, mei: float) -> Iterator[tuple[str, float]]:
    """Changes worth a remark, with their direction (above 0: more work)."""
    ratio = _ratio(Counter.INSTRUCTIONS, base, head)
    if ratio is not None and abs(ratio - 1) >= max(mei, _SAME):
        yield f"instructions {_percent(ratio)}", ratio - 1
    before, after = modules(base), modules(head)
    if before is not None and after is not None and abs(after - before) >= _FEW_MODULES:
        yield f"modules imported {_signed(after - before)}", after - before
    ratio = _ratio(Counter.SYSTEM_CALLS, base, head)
    difference = head.get(Counter.SYSTEM_CALLS, 0) - base.get(Counter.SYSTEM_CALLS, 0)
    if ratio is not None and abs(ratio - 1) >= _CALLS and abs(difference) >= _FEW_CALLS:
        yield f"system calls {_percent(ratio)}", difference
    ratio = _ratio(Counter.PEAK_MEMORY, base, head)
    if ratio is not None and abs(ratio - 1) >= _MEMORY:
        yield f"peak of Python memory {_percent(ratio)}", ratio - 1
    for counter in _TELLING:
        difference = head.get(counter, 0) - base.get(counter, 0)
        if difference and counter in base and counter in head:
            yield f"{counter.words} {_signed(difference)}", difference


def _ratio(counter: Counter, base: Figures, head: Figures) -> float | None:
    if not base.get(counter) or counter not in head:
        return None
    return head[counter] / base[counter]


def _signed(difference: int) -> str:
    return f"{difference:+d}".replace("-", "−")


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f}%".replace("-", "−")
