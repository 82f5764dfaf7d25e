"""What processes asked of a service that keeps a journal: counted in every round, not once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.core.counts import TRAFFIC, Counter
from bench.core.sample import Round, Side
from bench.report.markdown import code, table
from bench.report.text import counted, percent

_INTRODUCTION = (
    "Requests and connections as the service they were made to wrote them down, of every timed "
    "process; bytes are those of the bodies. What was the same in all rounds of a side is compared "
    "exactly; where times or paths are part of a request, its bytes are given as a range."
)


def repeated(rounds: Sequence[Round], side: Side) -> dict[Counter, int]:
    """What one side did in every round exactly so often; counters that varied are left out."""
    seen = {counter: _values(rounds, side, counter) for counter in TRAFFIC}
    return {counter: values[0] for counter, values in seen.items() if len(set(values)) == 1}


def traffic_blocks(measured: Mapping[str, Sequence[Round]]) -> Iterator[str]:
    """An introduction and a table; nothing when no process had such a service."""
    rows = [
        [code(name), counter.words, *_cells(rounds, counter)]
        for name, rounds in measured.items()
        for counter in TRAFFIC
        if _values(rounds, Side.BASE, counter)
    ]
    if rows:
        yield _INTRODUCTION
        yield table(("benchmark", "counter", "base", "head", "change", "repeats"), rows)


def _values(rounds: Sequence[Round], side: Side, counter: Counter) -> list[int]:
    counts = [taken.sample(side).counts for taken in rounds]
    return [one[counter] for one in counts if counter in one]


def _cells(rounds: Sequence[Round], counter: Counter) -> list[str]:
    base, head = (_values(rounds, side, counter) for side in Side)
    exact = len(set(base)) == len(set(head)) == 1
    over = counted(len(base), "round")
    return [
        _range(base),
        _range(head),
        _moved(base, head, exact=exact),
        f"exactly, {over}" if exact and len(base) > 1 else f"varies, {over}" if not exact else over,
    ]


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} – {high:,}"


def _moved(base: Sequence[int], head: Sequence[int], *, exact: bool) -> str:
    if exact:
        difference = head[0] - base[0]
        return f"{difference:+,}".replace("-", "−") if difference else "same"
    if min(head) <= max(base) and min(base) <= max(head):
        return "ranges overlap"
    return percent(sum(head) / len(head) / (sum(base) / len(base)))
