"""Shrinking a change: pure, with checks that are made up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pytest

from bench.explain.checks.breakage import Breakage, Cause
from bench.explain.checks.shrink import shrink


@dataclass(frozen=True)
class Place:
    file: str
    names: tuple[str, ...] = ()


SITES = [Place(f"f{n}.py", (f"n{n}",)) for n in range(24)]
Ask = Callable[[Collection[Place]], Breakage | None]


def breaks(*sets: Collection[Place], blame: bool = False) -> Ask:
    """Fails where all sites of one of the sets are there."""

    def failure(chosen: Collection[Place]) -> Breakage | None:
        for number, one in enumerate(sets):
            if set(one) <= set(chosen):
                first = next(iter(one))
                files = (first.file,) if blame else ()
                return Breakage(check="made up", words=f"set {number}", files=files)
        return None

    return failure


def test_all_is_kept_where_nothing_breaks() -> None:
    found = shrink(SITES, breaks())
    assert found.kept == tuple(SITES)
    assert found.excluded == ()
    assert found.trials == 1


@pytest.mark.parametrize("blame", [True, False])
def test_a_single_culprit_is_left_out(*, blame: bool) -> None:
    found = shrink(SITES, breaks([SITES[7]], blame=blame))
    assert [one for one, _ in found.excluded] == [SITES[7]]
    assert found.excluded[0][1].words == "set 0"
    assert len(found.kept) == 23
    assert found.trials <= (2 if blame else 11)


def test_several_culprits_each_with_its_own_reason() -> None:
    culprits = [SITES[2], SITES[11], SITES[23]]
    found = shrink(SITES, breaks(*([one] for one in culprits)))
    assert {one: why.words for one, why in found.excluded} == {
        one: f"set {n}" for n, one in enumerate(culprits)
    }
    assert not found.exhausted


def test_of_two_that_break_together_one_stays() -> None:
    found = shrink(SITES, breaks([SITES[3], SITES[9]]))
    assert len(found.excluded) == 1
    assert len(found.kept) == 23


def test_what_a_check_knows_for_sure_is_not_tried_again() -> None:
    causes = tuple(
        Cause(file=one.file, names=one.names, words=f"{one.names[0]} is gone")
        for one in SITES[4:12]
    )

    def failure(chosen: Collection[Place]) -> Breakage | None:
        there = tuple(one for one in causes if any(site.file == one.file for site in chosen))
        return Breakage(check="names", words=there[0].words, causes=there) if there else None

    found = shrink(SITES, failure)
    assert found.trials == 2
    assert [(one, why.words) for one, why in found.excluded] == [
        (one, f"{one.names[0]} is gone") for one in SITES[4:12]
    ]


def test_too_few_trials_keep_what_was_seen_to_work() -> None:
    found = shrink(SITES, breaks(*([one] for one in SITES[::2])), most_trials=5)
    assert found.exhausted
    assert found.trials == 5
    assert breaks(*([one] for one in SITES[::2]))(found.kept) is None
    assert len(found.kept) + len(found.excluded) == len(SITES)


def test_nothing_works() -> None:
    found = shrink(SITES[:3], breaks(*([one] for one in SITES)))
    assert found.kept == ()
    assert len(found.excluded) == 3


def test_no_sites() -> None:
    assert shrink([], breaks()).trials == 0
