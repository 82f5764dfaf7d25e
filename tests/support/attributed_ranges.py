"""Attributions without measuring: six commits, two of each of three authors, on one Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.core.revision import Pair, Revision, Source
from bench.core.verdict import Interval, Verdict
from bench.engine.machine.fingerprint import describe_machine
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import (
    Attribution,
    AttributionAsked,
    AttributionEvent,
    ReachRecord,
    StretchRecord,
)
from bench.explain.optimize.record import Gain

PYTHON = "3.13"
AUTHORS = ("Ada", "Ben", "Ada", "Cyd", "Ben", "Ada")
PATHS = (
    ("src/pkg/cli.py",), ("src/pkg/api/one.py", "src/pkg/api/two.py"),
    ("src/pkg/cli.py", "uv.lock"), ("src/pkg/core.py",), (), ("src/pkg/cli.py",),
)  # fmt: skip


def revision(number: int) -> Revision:
    """That after so many commits."""
    return Revision(
        source=Source.GIT, name=f"r{number}", identity=f"{number}" * 40, date="2026-01-01",
        subject=f"Change {number}",
    )  # fmt: skip


def commits(*detours: int) -> tuple[RangeCommit, ...]:
    """All six."""
    return tuple(
        RangeCommit(
            revision=revision(number),
            author=author,
            changed=(),
            detour="back to where the branch began" if number in detours else "",
        )
        for number, author in enumerate(AUTHORS, 1)
    )


def reach(scenario: str, *steps: Sequence[int], moving: bool = True) -> ReachRecord:
    """`moving`: the work counted goes up and down, so that every step is measured alone."""
    return ReachRecord(
        scenario=scenario,
        python=PYTHON,
        states=(0, *(step[-1] for step in steps)),
        steps=tuple(map(tuple, steps)),
        work=tuple(0.1 * (number % 2 if moving else 0) for number in range(len(steps) + 1)),
        modules=((0, 0),) * len(steps),
        paths=tuple(tuple(p for number in step for p in PATHS[number - 1]) for step in steps),
        package="src/pkg/",
    )


def measured(scenario: str, first: int, last: int, ratio: float, rounds: int = 10) -> StretchRecord:
    """A stretch with an interval of ±1%; the base takes a second."""
    verdict = Verdict.SAME if ratio == 1 else Verdict.FASTER if ratio < 1 else Verdict.SLOWER
    return StretchRecord(
        scenario=scenario, python=PYTHON, first=first, last=last, level=0.01,
        gain=Gain(
            scenario=scenario, python=PYTHON, verdict=verdict,
            interval=Interval(ratio, ratio / 1.01, ratio * 1.01), base_s=1.0, head_s=ratio,
            rounds=rounds,
        ),
    )  # fmt: skip


def attribution(events: Sequence[AttributionEvent], *detours: int) -> Attribution:
    """One that is nowhere; `detours` are the numbers of commits that are."""
    names = tuple(dict.fromkeys(one.scenario for one in events if isinstance(one, ReachRecord)))
    asked = AttributionAsked(
        format=2, id="20260101T0000000000", target="sample",
        pair=Pair(revision(0), revision(6), "a test"),
        commits=commits(*detours), scenarios=names, words={}, pythons=(PYTHON,), least=0.01,
        alpha=0.05, machine=describe_machine(), harness={}, started_at="2026-01-01T00:00:00+00:00",
        repeat="", groups=dict.fromkeys(names, "cli"),
    )  # fmt: skip
    return Attribution(Path("nowhere"), asked, tuple(events))


def all_measured() -> list[AttributionEvent]:
    """Six commits, each measured by itself."""
    ratios = {(0, 6): 0.8, (0, 1): 0.9, (1, 2): 0.95, (2, 3): 1.0, (3, 4): 1.0, (4, 5): 1.0,
              (5, 6): 0.93}  # fmt: skip
    found = reach("one", *((number,) for number in range(1, 7)))
    return [found, *(measured("one", *ends, ratio) for ends, ratio in ratios.items())]
