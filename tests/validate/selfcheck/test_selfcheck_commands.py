"""How much work is injected: arithmetic, and commands of constant length."""

from __future__ import annotations

import math

import pytest
from selfcheck_checks import CALIBRATION

from bench.validate.selfcheck.commands import (
    LOOP,
    aa_cases,
    base_loops,
    burn_case,
    loops_for,
    start_in_loops,
    true_ratio,
    uncertainty,
)


def test_the_whole_process_gets_longer_not_the_loop_alone() -> None:
    assert loops_for(CALIBRATION, 1.05) == 320_000  # 5% of 100,000 for the start and 300,000 loops
    assert loops_for(CALIBRATION, 1.0) == CALIBRATION.loops


@pytest.mark.parametrize("ratio", [1.02, 1.05, 1.2, 2.0, 4.0])
def test_loops_and_ratio_are_each_others_inverse(ratio: float) -> None:
    assert true_ratio(CALIBRATION, loops_for(CALIBRATION, ratio)) == pytest.approx(ratio, abs=1e-5)
    assert burn_case(CALIBRATION, ratio).truth == pytest.approx(ratio, abs=1e-5)


def test_an_uncertain_start_hardly_moves_a_small_ratio() -> None:
    assert uncertainty(CALIBRATION, 1.02) < 0.0005
    assert uncertainty(CALIBRATION, 1.0) == 0


def test_the_start_follows_from_processes_of_few_and_of_many_loops() -> None:
    assert start_in_loops(0, 300_000, 4.0) == pytest.approx(100_000)
    assert start_in_loops(300_000, 1_200_000, 13 / 4) == pytest.approx(100_000)


def test_a_start_is_never_negative_and_loops_that_cost_nothing_say_nothing() -> None:
    assert start_in_loops(100, 400, 4.2) == 0
    assert math.isinf(start_in_loops(0, 300_000, 0.99))


def test_the_base_takes_the_time_wanted_unless_the_start_does_already() -> None:
    assert base_loops(0.0125, 100_000, 0.05) == 300_000
    assert base_loops(0.060, 100_000, 0.05) == 100_000


def test_both_sides_have_command_lines_of_one_length() -> None:
    short, long = LOOP.arguments(1), LOOP.arguments(123_456_789)
    assert [len(word) for word in short] == [len(word) for word in long]


def test_aa_is_head_against_itself() -> None:
    assert all(case.base == case.head and case.truth == 1 for case in aa_cases(CALIBRATION))
