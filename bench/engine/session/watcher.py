"""What a session tells while it works; the screen listens, and so can a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bench.core.result import Result
from bench.core.verdict import Interval


@dataclass(frozen=True, kw_only=True)
class Course:
    """A benchmark that is being measured, and its place among the others.

    `planned` is its fixed number of rounds, 0 where its budget in seconds bounds them; `later_s`
    are the budgets of the benchmarks after it.
    """

    name: str
    position: int
    total: int
    budget_s: float
    later_s: float = 0.0
    planned: int = 0


class Watcher(Protocol):
    """Hears of everything that takes time."""

    def say(self, text: str) -> None:
        """A line worth keeping: a build, a resumed run, a benchmark that is left out."""

    def phase(self, text: str) -> None:
        """What is being done now, until the next call."""

    def begin(self, course: Course) -> None:
        """Measuring a benchmark starts."""

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """A round of it is in; `estimate` is the ratio so far."""

    def decided(self, result: Result) -> None:
        """Measuring it has ended. The level of the interval is that of this moment."""

    def on_lane(self, number: int) -> Watcher:
        """What hears of one lane's work, beside that of the others."""
