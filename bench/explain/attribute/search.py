"""Which stretches of a history to measure, and what follows for each commit: pure decisions.

States are the contents that a scenario has along a range, 0 the base; candidate k is what leads
from state k - 1 to state k. A stretch is measured as a pair of its two ends. One whose ends differ
by less than matters (or by too little to tell in the time it has), while the work counted in all
its states agrees, stays closed. Any other is split where the count moves, and a candidate by itself
is measured against its own neighbour: only such a test can name a commit. What comes next follows
from what was seen, so that a search goes on after an interruption as if there had been none.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.products import product_of

_NAMED = {Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI}
_INSIDE = {Verdict.SAME, Verdict.BELOW_MEI}
_MOST_WEIGHT = math.log(2.0)  # of evidence: a larger step is found at any level


@dataclass(frozen=True, order=True)
class Stretch:
    """From one state to a later one; with a single candidate it can name a commit."""

    first: int
    last: int

    @property
    def is_single(self) -> bool:
        """Whether it is one candidate."""
        return self.last == self.first + 1


@dataclass(frozen=True)
class Seen:
    """What was measured of a stretch; without a verdict `reason` says why."""

    interval: Interval | None
    verdict: Verdict | None
    reason: str = ""


class Finding(enum.StrEnum):
    """What is known of a part of a range."""

    STEP = "step"
    NOTHING = "nothing that matters"
    UNDECIDED = "undecided"
    CLOSED = "not opened"
    OPEN = "not measured"
    FAILED = "could not be measured"


@dataclass(frozen=True)
class Part:
    """One part of the range; all of them together are the range."""

    stretch: Stretch
    finding: Finding
    seen: Seen | None = None


@dataclass(frozen=True)
class Search:
    """One scenario's search on one Python.

    `work` is ln of the work counted at each state (instructions), None where it is not known;
    `changed` tells of each candidate whether other counters (modules) differ. `least` is the change
    of time that matters, as a fraction.
    """

    work: tuple[float | None, ...]
    changed: tuple[bool, ...]
    least: float

    @property
    def whole(self) -> Stretch:
        """All of the range."""
        return Stretch(0, len(self.changed))

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """What each candidate's level goes by: how much the counted work moved."""
        return tuple(min(self._moved(one), _MOST_WEIGHT) for one in range(1, len(self.work)))

    def next(self, seen: Mapping[Stretch, Seen]) -> Stretch | None:
        """The stretch to measure now, None when nothing is left to open."""
        if not self.changed:
            return None
        return next((one for one in self._tree(self.whole, seen) if one not in seen), None)

    def parts(self, seen: Mapping[Stretch, Seen]) -> list[Part]:
        """The finest parts that something can be said of, in the order of the history."""
        if not self.changed:
            return []
        return list(self._parts(self.whole, seen))

    def agrees(self, stretch: Stretch) -> bool:
        """Whether the work counted in all states of a stretch is the same, within half of `least`.

        What goes up and down again inside does not agree. Where no work was counted, no module
        may have come or gone.
        """
        if not self._is_counted(stretch):
            return not any(self.changed[stretch.first : stretch.last])
        known = [one for one in self._work_of(stretch) if one is not None]
        return max(known) - min(known) <= self._tolerance

    def _work_of(self, stretch: Stretch) -> tuple[float | None, ...]:
        return self.work[stretch.first : stretch.last + 1]

    def _is_counted(self, stretch: Stretch) -> bool:
        return None not in self._work_of(stretch)

    @property
    def _tolerance(self) -> float:
        return math.log1p(self.least) / 2

    def _moved(self, candidate: int) -> float:
        """How much the counted work moves at a candidate; where it is unknown as if it mattered."""
        before, after = self.work[candidate - 1], self.work[candidate]
        if before is None or after is None:
            return 2 * self._tolerance if self.changed[candidate - 1] else 0.0
        return abs(after - before)

    def _is_opened(self, stretch: Stretch, seen: Seen) -> bool:
        if stretch.is_single:
            return False
        if seen.verdict is Verdict.UNDECIDED:  # its parts would be no easier to tell
            return not (self._is_counted(stretch) and self.agrees(stretch))
        return seen.verdict not in _INSIDE or not self.agrees(stretch)

    def _tree(self, stretch: Stretch, seen: Mapping[Stretch, Seen]) -> Iterator[Stretch]:
        """A stretch and all below it that are to be measured, level by level where they are new."""
        yield stretch
        if stretch in seen and self._is_opened(stretch, seen[stretch]):
            below = self.split(stretch)
            yield from sorted(below, key=lambda one: -self._evidence(one))
            for one in below:
                yield from itertools.islice(self._tree(one, seen), 1, None)

    def _parts(self, stretch: Stretch, seen: Mapping[Stretch, Seen]) -> Iterator[Part]:
        found = seen.get(stretch)
        if found is None:
            yield Part(stretch, Finding.OPEN)
        elif self._is_opened(stretch, found):
            below = self.split(stretch)
            if any(one in seen for one in below):
                for one in below:
                    yield from self._parts(one, seen)
            else:
                yield Part(stretch, Finding.OPEN, found)
        else:
            yield Part(stretch, _finding(stretch, found), found)

    def _evidence(self, stretch: Stretch) -> float:
        return max(self._moved(one) for one in range(stretch.first + 1, stretch.last + 1))

    def split(self, stretch: Stretch) -> tuple[Stretch, ...]:
        """The parts of a stretch that is opened: what moved alone, and the rest between.

        Where none moved by itself it is halved, by the counted work where that drifts.
        """
        alone = [
            one
            for one in range(stretch.first + 1, stretch.last + 1)
            if self._moved(one) > self._tolerance
        ]
        if not alone:
            middle = self._middle(stretch)
            return Stretch(stretch.first, middle), Stretch(middle, stretch.last)
        cuts = sorted({stretch.first, stretch.last, *alone, *(one - 1 for one in alone)})
        return tuple(itertools.starmap(Stretch, itertools.pairwise(cuts)))

    def _middle(self, stretch: Stretch) -> int:
        """The state inside that leaves as much evidence on its left as on its right."""
        even = 1e-6  # where nothing moves, by the number of candidates
        moved = [self._moved(one) + even for one in range(stretch.first + 1, stretch.last + 1)]
        half = math.fsum(moved) / 2
        sums = list(itertools.accumulate(moved))[:-1]
        nearest = min(range(len(sums)), key=lambda place: abs(sums[place] - half))
        return stretch.first + 1 + nearest


def _finding(stretch: Stretch, seen: Seen) -> Finding:
    if seen.verdict is None:
        return Finding.FAILED
    if seen.interval is None:
        return Finding.UNDECIDED if seen.verdict is Verdict.UNDECIDED else Finding.FAILED
    if not stretch.is_single:
        return Finding.UNDECIDED if seen.verdict is Verdict.UNDECIDED else Finding.CLOSED
    if seen.verdict in _NAMED:
        return Finding.STEP
    return Finding.NOTHING if seen.verdict is Verdict.SAME else Finding.UNDECIDED


def together(parts: Sequence[Part]) -> Interval | None:
    """The product of all parts, None while one has no interval."""
    found = [one.seen.interval for one in parts if one.seen and one.seen.interval]
    return product_of(found) if len(found) == len(parts) else None
