"""The message of a commit fits a terminal and says what whoever doubts it needs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import msgspec

from bench.core.verdict import Interval, Verdict
from bench.explain.optimize.measuring import MeasuredPair
from bench.explain.optimize.message import gain_words, message
from bench.explain.optimize.record import CheckRecord, Gain, SiteRecord, StepRecord
from bench.explain.optimize.request import OptimizeRequest

STEP = StepRecord(
    number=1,
    recipe="defer-imports",
    title="defer git until a command needs it",
    why="It is imported where it is used. " * 5,
    kept=True,
    sites=(SiteRecord(file="a.py", line=1, words="in main"),),
    checks=(
        CheckRecord(name="names", passed=True, words="24 modules keep their names " * 4),
        CheckRecord(name="tests", passed=True, words="952 tests pass as before"),
    ),
)
GAINS = (
    Gain(scenario="version", python="3.13", verdict=Verdict.SAME, base_s=0.05, head_s=0.05),
    Gain(
        scenario="help",
        python="3.13",
        verdict=Verdict.FASTER,
        interval=Interval(0.25, 0.24, 0.26),
        base_s=0.2,
        head_s=0.05,
    ),
    Gain(scenario="gone", python="3.13", verdict=None, reason="head: no such command"),
)


def request(name: str) -> OptimizeRequest:
    given = SimpleNamespace(
        target=SimpleNamespace(name=name), interpreters=[SimpleNamespace(version="3.13")]
    )
    return cast(OptimizeRequest, given)


def test_a_message_has_subject_reason_figures_proofs_and_a_command() -> None:
    text = message(STEP, MeasuredPair(gains=GAINS, runs=(), failures={}), request("sample"), 0.025)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 72
    assert lines[:2] == ["perf: defer git until a command needs it", ""]
    assert "with 97.5% intervals" in text
    (figures,) = (line for line in lines if line.startswith("  help"))
    assert figures.split() == [
        "help", "3.13", "200", "→", "50.0", "ms", "4.00x", "faster", "(3.85–4.17)",
    ]  # fmt: skip
    assert any(
        line.split() == ["version", "3.13", "50.0", "→", "50.0", "ms", "same"] for line in lines
    )
    assert any("no such command" in line for line in lines)
    assert "  tests  952 tests pass as before" in lines
    assert "python -m bench run sample COMMIT~1..COMMIT --benchmark version" in text


def test_a_project_that_no_file_declares_is_named_by_its_folder() -> None:
    measured = MeasuredPair(gains=GAINS, runs=(), failures={})
    text = message(STEP, measured, request("sample@project"), 0.025)
    assert "python -m bench run PATH COMMIT~1..COMMIT" in text


def test_too_few_rounds_are_told_as_such() -> None:
    gain = Gain(scenario="a", python="3.13", verdict=Verdict.UNDECIDED, base_s=0.3, rounds=8)
    assert gain_words(gain) == "undecided, 8 rounds are too few"
    sized = msgspec.structs.replace(gain, interval=Interval(0.98, 0.95, 1.01))
    assert gain_words(sized).startswith("undecided, −2.0% (")
