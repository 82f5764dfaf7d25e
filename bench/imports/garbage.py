"""When Python's garbage collector runs, and how much it looks at, with and without some modules.

A collection is charged to whoever happens to set it off. With fewer objects there are fewer of
them, at other moments: that is played through again from how many objects came into being between
two looks. The rules are those of Python up to 3.13 (`Modules/gcmodule.c`, `Python/gc.c`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

COLLECTION = "gc"  # the part that a collection is
_OLDEST = 2


@dataclass(frozen=True)
class Step:
    """A look at the clock: the part that begins with it, and how many objects are new then."""

    part: str
    new: int


@dataclass
class _Collector:
    thresholds: Sequence[int]
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    objects: list[int] = field(default_factory=lambda: [0, 0, 0])
    pending: int = 0
    looked_at: int = 0

    def make(self, number: int) -> None:
        """Objects come into being, or go again."""
        while number > 0:
            room = self.thresholds[0] + 1 - self.counts[0]
            now = min(number, max(room, 1))
            self._add(now)
            number -= now
            if self.counts[0] > self.thresholds[0]:
                self._collect(self._generation())
        self._add(number)

    def _add(self, number: int) -> None:
        self.counts[0] = max(0, self.counts[0] + number)
        self.objects[0] = max(0, self.objects[0] + number)

    def _generation(self) -> int:
        for one in (2, 1):
            if self.counts[one] > self.thresholds[one]:
                if one == _OLDEST and self.pending < self.objects[_OLDEST] / 4:
                    continue
                return one
        return 0

    def _collect(self, generation: int) -> None:
        self.looked_at += sum(self.objects[: generation + 1])
        for one in range(generation + 1):
            self.counts[one] = 0
        older = min(generation + 1, _OLDEST)
        if generation < _OLDEST:
            self.counts[older] += 1
        moved = sum(self.objects[:older])
        self.objects[:older] = [0] * older
        self.objects[older] += moved
        if generation == _OLDEST:
            self.pending = 0
        elif older == _OLDEST:
            self.pending += moved


def looked_at(steps: Sequence[Step], thresholds: Sequence[int], without: str = "-") -> int:
    """Objects that collections look at, without the work of one set (by its position's name)."""
    collector = _Collector(thresholds)
    part, before = "", 0
    for step in steps:
        if without not in part.split(",") and not part.startswith(COLLECTION):
            collector.make(step.new - before)
        part, before = step.part, step.new
    return collector.looked_at
