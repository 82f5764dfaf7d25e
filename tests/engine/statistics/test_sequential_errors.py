"""The error rates of the whole procedure, by simulation; margins are three binomial errors."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from support.simulated_rounds import margin, scores

from bench.core.verdict import Verdict
from bench.engine.statistics.sequential import assess, critical_values, large_effect, plan_looks
from bench.engine.statistics.verdicts import decide, settled

if TYPE_CHECKING:
    from bench.core.verdict import Assessment
    from bench.engine.statistics.arrays import FloatArray

MAXIMUM = 160
NOISES = ("normal", "heavy", "bimodal")


def draw(noise: str, shape: tuple[int, ...], seed: int) -> FloatArray:
    """Differences symmetric about 0 with a standard deviation (normal: exactly) of about 1."""
    generator = np.random.default_rng(seed)
    if noise == "heavy":
        return generator.standard_t(3, size=shape) / math.sqrt(3)
    if noise == "bimodal":
        return generator.choice([-0.95, 0.95], size=shape) + generator.normal(0, 0.3, shape)
    return generator.normal(size=shape)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 13])
def test_no_more_false_positives_than_alpha_over_all_looks(noise: str, alpha: float) -> None:
    # At the same time the coverage of the repeated intervals at all looks at once: both are the
    # event that the truth, 0, is never rejected.
    runs = 16000
    looks = plan_looks(MAXIMUM, alpha)
    critical = np.array(critical_values(looks, MAXIMUM, alpha))
    crossed = scores(draw(noise, (runs, MAXIMUM), 21), looks) >= critical
    rate = crossed.any(axis=1).mean()
    assert rate <= alpha + margin(alpha, runs)
    # Nor is it so careful that it is useless: exact tests of few rounds lose a part of alpha.
    assert rate >= 0.6 * alpha


@pytest.mark.parametrize("noise", NOISES)
def test_no_more_false_positives_when_a_clock_ends_the_rounds(noise: str) -> None:
    alpha, runs = 0.05, 300
    looks = plan_looks(MAXIMUM, alpha)
    generator = np.random.default_rng(22)
    wrong = total = 0
    for rounds in generator.integers(5, MAXIMUM + 1, 40).tolist():
        used = (*(look for look in looks if look < rounds), rounds)
        seen = draw(noise, (runs, rounds), rounds)
        crossed = scores(seen, used) >= np.array(critical_values(used, MAXIMUM, alpha))
        wrong += int(crossed.any(axis=1).sum())
        total += runs
    assert wrong / total <= alpha + margin(alpha, total)


def test_naive_stopping_is_caught_by_the_same_check() -> None:
    runs, looks = 1500, range(10, MAXIMUM + 1)
    crossed = scores(draw("normal", (runs, MAXIMUM), 23), looks) >= 1.96
    assert crossed.any(axis=1).mean() > 0.05 + margin(0.05, runs)


def run(differences: FloatArray) -> tuple[Assessment, Verdict]:
    """One benchmark as the engine takes it: the last assessment and its verdict."""
    alpha, mei = 0.05, 0.02
    looks = plan_looks(MAXIMUM, alpha)
    for look in looks:
        assessment = assess(differences[:look], looks, MAXIMUM, alpha)
        if settled(assessment, mei=mei, local_alpha=alpha):
            break
    rejected = assessment.p_value <= alpha
    return assessment, decide(assessment.interval, rejected=rejected, mei=mei)


def test_ranks_and_walsh_averages_tell_the_same() -> None:
    looks = plan_looks(MAXIMUM, 0.05)
    critical = np.array(critical_values(looks, MAXIMUM, 0.05))
    differences = draw("heavy", (60, MAXIMUM), 24) + 0.2
    crossed = (scores(differences, looks) >= critical).any(axis=1)
    p_values = [assess(row, looks, MAXIMUM, 0.05).p_value for row in differences]
    assert 0.1 < crossed.mean() < 0.95
    assert np.array_equal(crossed, np.array(p_values) <= 0.05)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("effect", [0.0, 0.02])
def test_interval_at_the_stop_covers_the_truth(noise: str, effect: float) -> None:
    runs = 300
    truth = 1 + effect
    differences = 0.016 * draw(noise, (runs, MAXIMUM), 25) + math.log(truth)
    intervals = [run(row)[0].interval for row in differences]
    covered = np.mean([i.low <= truth <= i.high for i in intervals])
    assert covered >= 0.95 - margin(0.95, runs)


@pytest.mark.parametrize(("sd", "rounds"), [(0.005, 12), (0.016, 25), (0.03, 60)])
def test_unchanged_code_is_called_unchanged(sd: float, rounds: int) -> None:
    runs = 200
    results = [run(row) for row in sd * draw("normal", (runs, MAXIMUM), 26)]
    verdicts = Counter(verdict for _, verdict in results)
    assert verdicts[Verdict.SAME] / runs >= 0.95 - margin(0.95, runs)
    assert (verdicts[Verdict.FASTER] + verdicts[Verdict.SLOWER]) / runs <= 0.05
    assert np.mean([assessment.rounds for assessment, _ in results]) < rounds


@pytest.mark.parametrize(("effect", "sd", "rounds"), [(0.02, 0.016, 25), (0.05, 0.03, 30)])
def test_effects_that_matter_are_found(effect: float, sd: float, rounds: int) -> None:
    runs = 200
    differences = sd * draw("normal", (runs, MAXIMUM), 27) + math.log1p(effect)
    results = [run(row) for row in differences]
    found = np.mean([verdict is Verdict.SLOWER for _, verdict in results])
    assert found >= 0.99 - margin(0.99, runs)
    assert np.mean([assessment.rounds for assessment, _ in results]) < rounds


def test_large_effect_errs_as_rarely_as_it_says() -> None:
    # The worst the docstring allows: every fifth round is off by 1.5 times or more.
    runs = 2_000_000
    generator = np.random.default_rng(28)
    spread = math.log(1.5) / stats.norm.isf(0.1)
    differences = spread * generator.standard_normal((runs, 6), dtype=np.float32)
    suspects = differences[(np.abs(differences) >= math.log(1.5)).all(axis=1)].astype(np.float64)
    base = generator.normal(1, 0.01, suspects.shape)
    heads = base * np.exp(suspects)
    wrong = sum(map(large_effect, base, heads, suspects))
    assert len(suspects) > 0
    assert wrong / runs <= 2e-6 + margin(2e-6, runs)


def test_large_effect_finds_a_factor_of_two_at_once() -> None:
    generator = np.random.default_rng(29)
    base = generator.lognormal(0, 0.1, (300, 6))
    head = 2 * base * generator.lognormal(0, 0.05, (300, 6))
    found = np.mean([large_effect(b, h, np.log(h / b)) for b, h in zip(base, head, strict=True)])
    assert found > 0.9
