"""Which part callgrind's counts belong to."""

from __future__ import annotations

import pytest

from bench.counters.running import NotCountedError
from bench.imports.exact import parts_of, share_out
from bench.imports.garbage import Step, looked_at

RARELY = (700, 10, 10)


def test_modules_are_sorted_by_the_sets_that_have_them() -> None:
    assert parts_of([{"a", "b"}, {"b"}, set()]) == {"a": "0", "b": "0,1"}


def steps(*parts: str) -> list[Step]:
    return [Step(part, 0) for part in (*parts, "")]


def test_each_count_goes_to_the_part_that_had_begun_and_ends_are_compared() -> None:
    counts = [10, 5, 20, 5, 60, 7, 50]
    found = share_out(steps("0", "0,1", "0", ""), counts, {"0": 30, "1": 45}, RARELY)
    assert found.of_part == {"": 70, "0": 10, "0,1": 20}
    assert [found.saved(0), found.saved(1), found.saved(2)] == [50, 25, 0]


def test_without_an_end_only_work_is_saved() -> None:
    assert share_out(steps("0", ""), [10, 5, 20, 1, 2], {}, RARELY).saved(0) == 5


def test_missing_dumps_are_no_counts() -> None:
    with pytest.raises(NotCountedError, match="without symbols"):
        share_out(steps("0", ""), [1, 2, 3], {}, RARELY)


def test_collections_are_fewer_without_a_set() -> None:
    made = [Step("0", 0), Step("gc", 11), Step("0", 0), Step("", 5), Step("gc", 11), Step("", 0)]
    counts = [10, 60, 100, 70, 30, 50, 30, 7, 0]
    found = share_out([*made, Step("", 8)], counts, {}, (10, 10, 10))
    assert found.of_part == {"": 70, "0": 130, "gc": 150}
    assert found.saved(0) == 130 + 75


def test_older_generations_are_collected_less_often() -> None:
    many = [Step("", 5 * one) for one in range(1, 1000)]
    assert looked_at(many, (10, 10, 10)) > 2 * looked_at(many, (10, 1000, 10))
