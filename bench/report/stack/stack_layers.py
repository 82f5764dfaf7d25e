"""A traced command's layers as a user meets them: means of runs that add up, and spreads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.core.sample import Side
from bench.engine.store.accounts import RunAccount, StackRecord

# What the trace calls a stretch of time -> the layer it belongs to; in the order they are shown.
_OWN = {
    "process start": "CLI start",
    "interpreter start": "CLI start",
    "imports": "CLI imports",
    "own code": "analysis and own code",
    "serialisation": "serialisation",
    "HTTP client": "HTTP, client and wire",
    "HTTP wire": "HTTP, client and wire",
    "simulated latency": "simulated latency",
    "service": "service",
    "waiting": "waiting",
    "waiting for a CPU": "waiting for a CPU",
    "ready, without a core": "waiting for a CPU",  # until format 2
    "interpreter finalisation": "interpreter finalisation",
    "exit": "interpreter finalisation",  # until format 2
    "unexplained": "unexplained",
}
_IN_CHILD = {
    "process start": "subprocesses: start",
    "interpreter start": "subprocesses: start",
    "imports": "subprocesses: imports",
}
_BODY = "subprocesses: their work"
_SUBPROCESS = "subprocess"
ORDER = (
    "CLI start", "CLI imports", "analysis and own code", "serialisation", "HTTP, client and wire",
    "simulated latency", "service", "subprocesses: start", "subprocesses: imports", _BODY,
    "waiting", "waiting for a CPU", "interpreter finalisation", "unexplained",
)  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """A figure of `runs` runs of one side, in seconds: mean, least and most."""

    mean: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one run."""
        return cls(sum(values) / len(values), min(values), max(values), len(values))

    def is_apart_from(self, other: Spread) -> bool:
        """Whether the ranges do not overlap; a single run has no range."""
        if min(self.runs, other.runs) < 2:
            return False
        return self.least > other.most or self.most < other.least


@dataclass(frozen=True)
class StackLayer:
    """One layer on both sides; `head` is None where a single revision was traced."""

    name: str
    base: Spread
    head: Spread | None


def layers_of(run: RunAccount) -> dict[str, float]:
    """Seconds by the names in `ORDER`; they add up to the run's wall time."""
    found = dict.fromkeys(ORDER, 0.0)
    for name, seconds in run.layers.items():
        if name != _SUBPROCESS:
            found[_OWN.get(name, "unexplained")] += seconds
    inside = 0.0
    for child in run.children:
        found[_IN_CHILD.get(child.layer, _BODY)] += child.seconds
        inside += child.seconds
    # What the trace knows of a child need not be all that was waited for it.
    found[_BODY] += run.layers.get(_SUBPROCESS, 0.0) - inside
    return found


def compared(record: StackRecord) -> tuple[StackLayer, ...]:
    """All layers of a record that are there on one side at least, in order."""
    base, head = ([layers_of(one) for one in record.of(side)] for side in Side)
    return tuple(
        StackLayer(
            name,
            Spread.of([one[name] for one in base]),
            Spread.of([one[name] for one in head]) if head else None,
        )
        for name in ORDER
        if any(one[name] > 0 for one in (*base, *head))
    )


def programs_of(record: StackRecord) -> tuple[StackLayer, ...]:
    """What was waited for in children, by their programs; the longest first."""
    base, head = ([_by_program(one) for one in record.of(side)] for side in Side)
    names = dict.fromkeys(name for one in (*base, *head) for name in one)
    found = [
        StackLayer(
            name,
            Spread.of([one.get(name, 0.0) for one in base]),
            Spread.of([one.get(name, 0.0) for one in head]) if head else None,
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda one: -max(one.base.mean, (one.head or one.base).mean)))


def _by_program(run: RunAccount) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for child in run.children:
        found[child.program] = found.get(child.program, 0.0) + child.seconds
    return found


def wall(record: StackRecord) -> StackLayer:
    """The whole command, as recorded."""
    base, head = ([one.wall_s for one in record.of(side)] for side in Side)
    return StackLayer("the whole command", Spread.of(base), Spread.of(head) if head else None)
