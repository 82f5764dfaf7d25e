"""Which part callgrind's counts belong to."""

from __future__ import annotations

import pytest

from bench.explain.counters.running import NotCountedError
from bench.explain.rank.exact import parts_of, share_out


def test_modules_are_sorted_by_the_sets_that_have_them() -> None:
    assert parts_of([{"a", "b"}, {"b"}, set()]) == {"a": "0", "b": "0,1"}


def test_each_count_goes_to_the_part_that_had_begun_and_ends_are_compared() -> None:
    counts = [10, 5, 20, 5, 60, 7, 50]
    found = share_out(["0", "0,1", "0", ""], counts, {"0": 30, "1": 45})
    assert found.of_part == {"": 70, "0": 10, "0,1": 20}
    assert [found.saved(0), found.saved(1)] == [50, 25]


def test_without_an_end_only_work_is_saved() -> None:
    assert share_out(["0", ""], [10, 5, 20, 1, 0], {}).saved(0) == 5


def test_without_copies_the_end_is_shared_by_work() -> None:
    assert share_out(["0", ""], [10, 10, 20, 1, 20], {}).saved(0) == 15


def test_missing_dumps_are_no_counts() -> None:
    with pytest.raises(NotCountedError, match="without symbols"):
        share_out(["0", ""], [1, 2, 3], {})
