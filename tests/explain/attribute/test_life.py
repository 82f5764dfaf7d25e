"""Where a scenario works, by looking at few states of a range."""

from __future__ import annotations

import pytest

from bench.explain.attribute.life import Life, find_life


class Looked:
    """A scenario that works at these states; nothing can be said of `unknown` ones."""

    def __init__(self, works: range, unknown: tuple[int, ...] = ()) -> None:
        self.works, self.unknown = works, unknown
        self.looked: set[int] = set()

    def __call__(self, state: int) -> bool | None:
        self.looked.add(state)
        return None if state in self.unknown else state in self.works


@pytest.mark.parametrize(
    ("works", "found"),
    [
        (range(41), Life(0, 40)),
        (range(17, 41), Life(17, 40, before=16)),
        (range(30), Life(0, 29, after=30)),
        (range(40, 41), Life(40, 40, before=39)),
        (range(1), Life(0, 0, after=1)),
        (range(12, 29), Life(12, 28, before=11, after=29)),
        (range(0), None),
    ],
)
def test_it_is_found_where_it_begins_and_ends(works: range, found: Life | None) -> None:
    looked = Looked(works)
    assert find_life(looked, 40) == found
    assert len(looked.looked) <= 14


def test_what_cannot_be_installed_is_stepped_around() -> None:
    looked = Looked(range(17, 41), unknown=(15, 16, 20, 30))
    assert find_life(looked, 40) == Life(17, 40, before=14)


def test_a_base_that_cannot_be_installed() -> None:
    assert find_life(Looked(range(3, 11), unknown=(0, 1, 2)), 10) == Life(3, 10, before=0)


def test_nothing_can_be_installed() -> None:
    looked = Looked(range(0), unknown=tuple(range(41)))
    assert find_life(looked, 40) is None
    assert len(looked.looked) == 9
    assert find_life(Looked(range(0)), 1) is None


def test_a_short_range_is_looked_through() -> None:
    assert find_life(Looked(range(3, 4)), 5) == Life(3, 3, before=2, after=4)
