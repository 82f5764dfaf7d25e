"""Which module callgrind's counts belong to."""

from __future__ import annotations

import pytest

from bench.counters.running import NotCountedError
from bench.imports.exact import share_out


def test_each_part_goes_to_the_module_on_top() -> None:
    # start 10 | a begins, works 1 | b begins, works 2, ends | a works 4, ends | rest 20 | end 7
    found = share_out(["a", "b", "", ""], [10, 1, 2, 4, 20, 7])
    assert found.own == {"a": 5, "b": 2}
    assert (found.total, found.end) == (44, 7)


def test_what_is_saved_takes_its_part_of_the_end_along() -> None:
    found = share_out(["a", ""], [10, 20, 10, 20])
    assert found.saved(20) == 30


def test_missing_dumps_are_no_counts() -> None:
    with pytest.raises(NotCountedError, match="without symbols"):
        share_out(["a", ""], [1, 2])
