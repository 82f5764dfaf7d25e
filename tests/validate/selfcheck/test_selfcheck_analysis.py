"""Rates, verdicts of single runs, growing blocks."""

from __future__ import annotations

import pytest
from selfcheck_checks import block_pair, engine_run, series

from bench.core.options import Options
from bench.core.sample import Design, Metric
from bench.core.verdict import Verdict
from bench.validate.engine_runs import judge
from bench.validate.selfcheck.analysis import grow, precision
from bench.validate.selfcheck.record import POWER


def test_an_unchanged_command_shows_no_difference() -> None:
    found = judge(engine_run(), Options())
    assert found.verdict is Verdict.SAME
    assert not found.rejected
    assert found.covers


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(1.05, Verdict.SLOWER), (0.9, Verdict.FASTER), (1.01, Verdict.BELOW_MEI)],
)
def test_a_rejection_counts_whatever_its_size(ratio: float, verdict: Verdict) -> None:
    found = judge(engine_run(ratio, phase=POWER, truth=ratio), Options())
    assert found.verdict is verdict
    assert found.rejected


def test_a_run_stopped_for_a_large_effect_is_judged_by_its_direction() -> None:
    assert judge(engine_run(2.0, large=True), Options()).verdict is Verdict.SLOWER
    assert judge(engine_run(0.5, large=True), Options()).verdict is Verdict.FASTER


def test_growing_blocks_stop_at_the_width_wanted() -> None:
    blocks = block_pair(count=200, sd=0.05)
    reached = grow(blocks, 0.02)
    assert reached.narrow_enough
    assert reached.interval.half_width <= 0.02
    assert 10 < reached.samples < 200
    spent_s = sum(blocks.base_s[: reached.samples]) + sum(blocks.head_s[: reached.samples])
    assert reached.seconds == pytest.approx(spent_s)


def test_growing_blocks_that_do_not_get_there_say_so() -> None:
    reached = grow(block_pair(count=50, sd=0.2), 0.01)
    assert not reached.narrow_enough
    assert reached.samples == 50


def test_precision_follows_from_the_spread_and_the_length_of_a_round() -> None:
    found = precision(series(1.0, Design.DUET, sd=0.02, count=400), Metric.CPU)
    assert found.sd == pytest.approx(0.02, rel=0.2)
    assert found.round_s == pytest.approx(0.1, rel=0.1)
    assert found.seconds_to_1_percent == pytest.approx(
        (196 * found.sd) ** 2 * found.round_s, rel=1e-3
    )
