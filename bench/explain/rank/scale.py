"""From CPU seconds of imports to what a whole process takes, in seconds and in instructions."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from bench.explain.rank.exact import Instructions
from bench.explain.rank.found import Timed


@dataclass(frozen=True)
class Scale:
    """What a process takes beyond a bare interpreter.

    `whole_count` and `bare_count` are the instructions of both, `exact` attributes them where
    callgrind could.
    """

    timed: Timed
    whole_count: Future[int | None]
    bare_count: Future[int | None]
    exact: Future[Instructions | None]

    def instructions(self, position: int, saving_s: float) -> int | None:
        """How many instructions a trial's modules take."""
        exact = self.exact.result()
        return self.in_proportion(saving_s) if exact is None else exact.saved(position)

    def in_proportion(self, saving_s: float) -> int | None:
        """Instructions in proportion to CPU time; None where they can't be counted."""
        whole, bare = self.whole_count.result(), self.bare_count.result()
        if whole is None or bare is None:
            return None
        return round((whole - bare) * self._part(saving_s))

    def seconds(self, saving_s: float, process_s: float, bare_s: float) -> float:
        """CPU seconds that are saved of a process, next to a bare interpreter's."""
        return (process_s - bare_s) * self._part(saving_s)

    def seconds_of(self, instructions: int) -> float | None:
        """CPU seconds in proportion to instructions that were saved, the other way round."""
        whole, bare = self.whole_count.result(), self.bare_count.result()
        if whole is None or bare is None or whole <= bare:
            return None
        times = self.timed
        return (times.scenario.process_s - times.bare.process_s) * instructions / (whole - bare)

    def _part(self, saving_s: float) -> float:
        return saving_s / (self.timed.scenario.process_s - self.timed.bare.process_s)
