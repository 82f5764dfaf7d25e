"""An attribution of six commits, one that is faster, one that is slower; and what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.core.revision import Pair, Revision, Source
from bench.core.verdict import Interval, Verdict
from bench.engine.machine.fingerprint import describe_machine
from bench.explain.attribute.range import ChangedPath, RangeCommit
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.record import (
    Attribution,
    AttributionAsked,
    ReachRecord,
    StretchRecord,
)
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.optimize.record import Gain, RunReference

PYTHON = "3.13"
# By states: from the first to the last.
RATIOS = {(0, 3): 0.945, (0, 1): 0.9, (1, 2): 1.0, (2, 3): 1.05}


def revision(number: int, subject: str = "Change `number` {}") -> Revision:
    """That after so many commits."""
    return Revision(
        source=Source.GIT,
        name=f"r{number}",
        identity=f"{number:040x}"[::-1],
        date="2026-01-01T00:00:00Z",
        subject=subject.format(number),
    )


COMMITS = tuple(
    RangeCommit(revision=revision(number), author="A. U. Thor", changed=(ChangedPath("a.py"),))
    for number in range(1, 7)
)
PAIR = Pair(revision(0), revision(6), "a test")
REACH = ReachRecord(
    scenario="work",
    python=PYTHON,
    states=(0, 2, 3, 5),
    steps=((2,), (3,), (5,)),
    proved=dict.fromkeys((1, 4, 6), NoEffectProof.NOT_READ),
    work=(20.0, 19.9, 19.9, 19.95),
    modules=((0, 2), (0, 0), (0, 0)),
)


def asked(**changes: Any) -> AttributionAsked:
    """What it was asked for: of one scenario, on one Python."""
    told: dict[str, Any] = {
        "format": 1,
        "id": "20260101T0000000000",
        "target": "sample",
        "pair": PAIR,
        "commits": COMMITS,
        "scenarios": ("work",),
        "words": {"work": "sample work"},
        "pythons": (PYTHON,),
        "least": 0.01,
        "alpha": 0.05,
        "machine": describe_machine(),
        "harness": {},
        "started_at": "2026-01-01T00:00:00+00:00",
        "repeat": "python -m bench attribute sample r0..r6",
    }
    return AttributionAsked(**(told | changes))


def gain(scenario: str, ratio: float, half_width: float, reason: str = "") -> Gain:
    """A benchmark as it was measured, with an interval that reaches so far to both sides."""
    return Gain(
        scenario=scenario,
        python=PYTHON,
        verdict=Verdict.SAME if ratio == 1 else Verdict.FASTER if ratio < 1 else Verdict.SLOWER,
        interval=Interval(ratio, ratio * (1 - half_width), ratio * (1 + half_width)),
        base_s=0.1,
        head_s=0.1 * ratio,
        rounds=10,
        reason=reason,
    )


def write_attribution(data: Path) -> Attribution:
    """Write one; the pairs it names need not be there."""
    made = ATTRIBUTIONS.append(ATTRIBUTIONS.open(data, asked()), REACH)
    for (first, last), ratio in RATIOS.items():
        stretch = StretchRecord(
            scenario="work",
            python=PYTHON,
            first=first,
            last=last,
            level=0.01,
            gain=gain("work", ratio, 0.002),
            run=RunReference(f"r{first}..r{last}", PYTHON, "machine", "run"),
        )
        made = ATTRIBUTIONS.append(made, stretch)
    return made
