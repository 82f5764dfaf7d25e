"""What a session tells while it works; the screen listens, and so can a test."""

from __future__ import annotations

from typing import Protocol

from bench.core.verdict import Interval


class Watcher(Protocol):
    """Hears of everything that takes time."""

    def say(self, text: str) -> None:
        """A line worth keeping: a build, a resumed run, a benchmark that is left out."""

    def phase(self, text: str) -> None:
        """What is being done now, until the next call."""

    def begin(self, name: str, position: int, total: int, budget_s: float) -> None:
        """Measuring a benchmark starts."""

    def progress(self, name: str, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """A round is in; `estimate` is the ratio so far."""

    def finish(self, name: str, rounds: int, estimate: Interval | None, reason: str) -> None:
        """Measuring a benchmark has ended, after how many rounds and why."""
