"""When a step is kept, and when it is dropped."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bench.core.verdict import Interval, Verdict
from bench.explain.optimize.measuring import MeasuredPair, why_dropped
from bench.explain.optimize.record import Gain


def gain(
    verdict: Verdict | None, name: str = "work", python: str = "3.13", reason: str = ""
) -> Gain:
    interval = Interval(0.9, 0.89, 0.91) if verdict is Verdict.FASTER else Interval(1.0, 0.9, 1.1)
    return Gain(scenario=name, python=python, verdict=verdict, interval=interval, reason=reason)


def dropped(
    *gains: Gain, pythons: tuple[str, ...] = ("3.13",), failures: Mapping[str, str] | None = None
) -> str:
    return why_dropped(MeasuredPair(gains=gains, runs=(), failures=failures or {}), pythons)


@pytest.mark.parametrize(
    "other", [Verdict.SAME, Verdict.BELOW_MEI, Verdict.UNDECIDED, Verdict.FASTER]
)
def test_one_scenario_that_is_faster_is_enough(other: Verdict) -> None:
    assert dropped(gain(Verdict.FASTER), gain(other, "other")) == ""


@pytest.mark.parametrize("worse", [Verdict.SLOWER, Verdict.BROKEN])
def test_one_scenario_that_is_worse_is_too_much(worse: Verdict) -> None:
    assert dropped(gain(Verdict.FASTER), gain(worse, "other")) == (f"{worse}: other on Python 3.13")


def test_no_scenario_is_faster() -> None:
    assert dropped(gain(Verdict.BELOW_MEI), gain(Verdict.UNDECIDED, "other")) == (
        "no faster on Python 3.13: work below MEI, other undecided"
    )


def test_every_python_has_to_gain_but_those_that_the_form_is_not_for() -> None:
    gains = gain(Verdict.FASTER, python="3.15"), gain(Verdict.SAME)
    assert dropped(*gains, pythons=("3.13", "3.15")) == "no faster on Python 3.13: work same"
    assert dropped(*gains, pythons=("3.15",)) == ""
    worse = gain(Verdict.FASTER, python="3.15"), gain(Verdict.SLOWER)
    assert dropped(*worse, pythons=("3.15",)) == "slower: work on Python 3.13"


def test_what_prints_something_else_or_could_not_be_measured_is_dropped() -> None:
    other = gain(Verdict.FASTER, reason="standard output not as before")
    assert "standard output not as before" in dropped(other)
    assert "no compiler" in dropped(gain(Verdict.FASTER), failures={"3.12": "no compiler"})
