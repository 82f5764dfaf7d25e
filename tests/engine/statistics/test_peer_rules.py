"""The peers' rules: pyperf's against pyperf itself, the others against their definitions."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pyperf
import pytest

from bench.engine.statistics.peers import (
    asv_rule,
    hyperfine_rule,
    mann_whitney_p,
    pyperf_rule,
    welch_interval,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bench.engine.statistics.arrays import FloatArray


def pyperf_cases() -> dict[str, tuple[FloatArray, FloatArray]]:
    """Names and sides of many comparisons, near pyperf's threshold and at its odd corners."""
    generator = np.random.default_rng(41)
    cases = {}
    for n in (2, 3, 8, 15, 16, 17, 20, 21, 26, 31, 40, 41, 51, 60, 110):
        for step in (0.0, 1.6, 1.9, 2.0, 2.1, 2.4):
            base, head = generator.normal(1, 0.05, (2, n))
            shift = generator.choice([-1, 1]) * step * 0.05 * math.sqrt(2 / n)
            cases[f"n{n}-{step}"] = (base, head - head.mean() + base.mean() + shift)
    cases["unequal"] = (generator.normal(1, 0.1, 12), generator.normal(1, 0.1, 13))
    cases["single"] = (np.array([1.0]), np.array([1.001]))
    cases["no-spread"] = (np.full(5, 0.5), np.full(5, 0.25))
    cases["same"] = (np.full(5, 0.5), np.full(5, 0.5))
    return cases


def write_suite(path: Path, sides: dict[str, FloatArray]) -> None:
    benchmarks = [
        pyperf.Benchmark(
            [
                pyperf.Run(
                    [float(value)],
                    metadata={"name": name, "loops": 1},
                    collect_metadata=False,
                )
                for value in values
            ]
        )
        for name, values in sides.items()
    ]
    pyperf.BenchmarkSuite(benchmarks).dump(str(path))


def pyperf_answers(output: str) -> dict[str, str]:
    answers = {}
    for name, block in re.findall(
        r"^(\S+)\n=+\n\n(.*?)(?=^\S+\n=+\n|\Z)", output.partition("Geometric")[0], re.M | re.S
    ):
        word = re.search(r"(faster|slower)", block)
        significant = "Not significant" not in block
        answers[name] = word.group(1) if word and significant else "same"
    return answers


def test_pyperf_rule_answers_as_pyperf_does(tmp_path: Path) -> None:
    cases = pyperf_cases()
    for side, name in enumerate(("base.json", "head.json")):
        write_suite(tmp_path / name, {case: sides[side] for case, sides in cases.items()})
    command = [sys.executable, "-m", "pyperf", "compare_to", "-v", "base.json", "head.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = pyperf_answers(done.stdout)
    assert expected.keys() == cases.keys(), done.stdout
    assert {name: pyperf_rule(*sides) for name, sides in cases.items()} == expected
    assert len(set(expected.values())) == 3


def test_mann_whitney_of_equal_values_is_no_difference() -> None:
    assert mann_whitney_p(np.ones(10), np.ones(10)) == pytest.approx(1)


def test_asv_sees_nothing_below_ten_percent() -> None:
    base = 1 + np.linspace(-0.001, 0.001, 20)
    assert asv_rule(base, base * 1.09) == "same"
    assert asv_rule(base, base * 1.11) == "slower"
    assert asv_rule(base, base / 1.11) == "faster"


def test_asv_needs_a_statistical_difference_too() -> None:
    base = np.linspace(0.5, 1.5, 20)
    assert asv_rule(base, base * 1.2) == "same"


def test_asv_with_few_values_is_refused_not_guessed() -> None:
    assert asv_rule(np.ones(7), np.full(7, 2.0)) == "slower"
    # asv's least p-value is that of one side: six and six pass its gate, but never the test.
    assert asv_rule(np.ones(6), np.full(6, 2.0)) == "same"
    with pytest.raises(ValueError, match="6 values"):
        asv_rule(np.ones(5), np.full(5, 2.0))


def test_hyperfine_spread_does_not_shrink_with_more_runs() -> None:
    generator = np.random.default_rng(6)
    for runs in (10, 1000):
        base = generator.normal(1, 0.05, runs)
        assert hyperfine_rule(base, generator.normal(1.04, 0.05, runs)) == "same"
        assert hyperfine_rule(base, generator.normal(1.2, 0.05, runs)) == "slower"
        assert hyperfine_rule(base, generator.normal(0.8, 0.05, runs)) == "faster"


def test_hyperfine_ratio_and_spread_are_those_it_prints() -> None:
    # 1.10 +- 0.11: relative spreads 0.06 and 0.08 propagate to 0.1.
    two = np.array([-1, 1]) / math.sqrt(2)  # two values with a standard deviation of 1
    base, head = 1 + 0.06 * two, 1.1 * (1 + 0.08 * two)
    assert hyperfine_rule(base, head) == "same"  # 1.10 - 0.11 < 1
    assert hyperfine_rule(base, head * 1.02) == "slower"  # 1.122 - 0.112 > 1


def test_welch_interval_covers_independent_runs_and_narrows() -> None:
    generator = np.random.default_rng(7)
    covered = []
    for _ in range(400):
        interval = welch_interval(
            generator.lognormal(0, 0.05, 15), 1.03 * generator.lognormal(0, 0.1, 20), 0.05
        )
        covered.append(interval.low <= 1.03 <= interval.high)
    assert np.mean(covered) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 400)
    sides = generator.lognormal(0, 0.05, (2, 1000))
    few = welch_interval(sides[0, :10], sides[1, :10], 0.05).half_width
    assert welch_interval(sides[0], sides[1], 0.05).half_width < few / 5


def test_drift_between_blocks_deceives_them_all() -> None:
    # What the pairs are for: the machine is 12% slower during the second block.
    generator = np.random.default_rng(8)
    base, head = generator.normal(1, 0.01, 30), generator.normal(1.12, 0.01, 30)
    assert {rule(base, head) for rule in (pyperf_rule, asv_rule, hyperfine_rule)} == {"slower"}
    assert welch_interval(base, head, 0.05).low > 1


def test_a_spread_needs_two_values() -> None:
    with pytest.raises(ValueError, match="two values"):
        hyperfine_rule(np.ones(1), np.ones(3))
    with pytest.raises(ValueError, match="two values"):
        welch_interval(np.ones(1), np.ones(3), 0.05)
