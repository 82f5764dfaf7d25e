"""What processes asked of a service that keeps a journal: counted in every round, not once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.core.counts import TRAFFIC, Counter
from bench.core.sample import Metric, Round, Side
from bench.engine.evaluation import differences
from bench.engine.statistics.signed_rank import fixed_interval
from bench.formats.markdown import code, table
from bench.formats.text import amount, change, counted, seconds, signed

_OBSERVED = (Counter.PROCESSES, Counter.OPENS, Counter.FILES_WRITTEN)
_INTRODUCTION = (
    "Requests and connections as the service they were made to wrote them down, of every timed "
    "process; bytes are those of the bodies. What was the same in all rounds of a side is compared "
    "exactly; where times or paths are part of a request, its bytes are given as a range. "
    "Processes and files are those of one run under the observer; files may vary by a few with the "
    "number of loops that fit into a time."
)


def repeated(rounds: Sequence[Round], side: Side) -> dict[Counter, int]:
    """What one side did in every round exactly so often; counters that varied are left out."""
    seen = {counter: _values(rounds, side, counter) for counter in TRAFFIC}
    return {counter: values[0] for counter, values in seen.items() if len(set(values)) == 1}


Figures = Mapping[Counter, int]


def traffic_blocks(
    measured: Mapping[str, Sequence[Round]],
    observed: Mapping[str, tuple[Figures, Figures]] | None = None,
) -> Iterator[str]:
    """An introduction and a table; nothing when no process had such a service.

    `observed` are base's and head's figures of the observer's one run, by benchmark.
    """
    rows = []
    for name, rounds in measured.items():
        told = [counter for counter in TRAFFIC if _values(rounds, Side.BASE, counter)]
        rows += [[code(name), counter.words, *_cells(rounds, counter)] for counter in told]
        rows += [[code(name), *_cpu_time(rounds)]] if told else []
        if told and observed:
            rows += [[code(name), *cells] for cells in _observed(*observed[name])]
    if rows:
        yield _INTRODUCTION
        yield table(("benchmark", "counter", "base", "head", "change", "repeats"), rows)


def _cpu_time(rounds: Sequence[Round]) -> list[str]:
    """What a process and those it waited for computed: far steadier than wall time."""
    base, head = ([taken.sample(side).cpu_s for taken in rounds] for side in Side)
    cells = [f"{seconds(min(values))} – {seconds(max(values))}" for values in (base, head)]
    size = change(fixed_interval(differences(list(rounds), Metric.CPU), 0.05))
    over = counted(len(rounds), "round")
    return ["CPU time, child processes included", *cells, size, f"varies, {over}"]


def _observed(base: Figures, head: Figures) -> Iterator[list[str]]:
    for counter in _OBSERVED:
        if counter in base and counter in head:
            values = [base[counter]], [head[counter]]
            cells = [_range(values[0]), _range(values[1]), _moved(*values, exact=True)]
            yield [counter.words, *cells, "counted once"]


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
        return signed(difference) if difference else "same"
    return _between(base, head)


def _between(base: Sequence[float], head: Sequence[float]) -> str:
    """The change of the mean, if the two don't overlap."""
    if min(head) <= max(base) and min(base) <= max(head):
        return "ranges overlap"
    return amount(sum(base) / len(base), sum(head) / len(head))
