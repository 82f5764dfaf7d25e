"""On which part of a range a scenario exists: pure decisions about where to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# True: it works there. False: it does not. None: nothing can be said, as with what does not build.
Works = Callable[[int], bool | None]
_TRIED_INSIDE = 7


@dataclass(frozen=True)
class Life:
    """The states of a range between which a scenario works: indexes of the first and the last.

    `before` is the nearest state before them at which it is known not to work, `after` the nearest
    behind them; None where it works at that end of the range.
    """

    first: int
    last: int
    before: int | None = None
    after: int | None = None


def find_life(works: Works, last: int) -> Life | None:
    """Where a scenario works between the states 0 and `last`, None where that is not found.

    Each end at which it does not work is looked into by bisection: between a state at which it
    works and one at which it does not lies a birth or a death, whatever lies elsewhere. States of
    which nothing can be said are stepped around. Where it works at neither end, a few inside are
    tried.
    """
    ends = works(0), works(last)
    if all(ends):
        return Life(0, last)
    known = 0 if ends[0] else last if ends[1] else _inside(works, last)
    if known is None:
        return None
    before, first = (None, 0) if ends[0] else _between(works, 0, known)
    after, end = (None, last) if ends[1] else _between(works, last, known)
    return Life(first, end, before, after)


def _inside(works: Works, last: int) -> int | None:
    """A state at which it works, of a few that are spread evenly, the middle first."""
    return next((one for one in _spread(last) if works(one)), None)


def _spread(last: int) -> Iterator[int]:
    """The middle, the quarters, the eighths; of few states all."""
    inside = range(1, last)
    parts = 2
    tried = set[int]()
    while len(tried) < min(len(inside), _TRIED_INSIDE):
        for number in range(1, parts, 2):
            place = round(last * number / parts)
            if place in inside and place not in tried:
                tried.add(place)
                yield place
        parts *= 2


def _between(works: Works, without: int, known: int) -> tuple[int, int]:
    """Next to each other: a state at which it does not work, and one at which it does.

    Between the two are at most states of which nothing can be said. `without` may be one as well:
    then it is the farthest of them.
    """
    while True:
        found = _halfway(works, without, known)
        if found is None:
            return without, known
        middle, is_there = found
        without, known = (without, middle) if is_there else (middle, known)


def _halfway(works: Works, one: int, other: int) -> tuple[int, bool] | None:
    """The state nearest to the middle of two of which something can be said."""
    low, high = sorted((one, other))
    middle = (low + high) // 2
    for place in sorted(range(low + 1, high), key=lambda state: abs(state - middle)):
        found = works(place)
        if found is not None:
            return place, found
    return None
