"""What is decided before a run."""

from __future__ import annotations

import pytest

from bench.cli.planning import budget_of_read


@pytest.mark.parametrize(("benchmarks", "seconds"), [(1, 30), (5, 18), (8, 11), (50, 5)])
def test_a_first_look_takes_a_minute(benchmarks: int, seconds: int) -> None:
    assert budget_of_read(benchmarks) == seconds
