"""An attribution on disk: six commits, one that is faster, one that is slower."""

from __future__ import annotations

from pathlib import Path

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


def _revision(number: int) -> Revision:
    return Revision(
        source=Source.GIT,
        name=f"r{number}",
        identity=f"{number:040x}"[::-1],
        date="2026-01-01T00:00:00Z",
        subject=f"Change `number` {number}",
    )


def write_attribution(data: Path) -> Attribution:
    """Write one; the pairs it names need not be there."""
    commits = tuple(
        RangeCommit(revision=_revision(number), author="A. U. Thor", changed=(ChangedPath("a.py"),))
        for number in range(1, 7)
    )
    asked = AttributionAsked(
        format=1,
        id="20260101T0000000000",
        target="sample",
        pair=Pair(_revision(0), _revision(6), "a test"),
        commits=commits,
        scenarios=("work",),
        words={"work": "sample work"},
        pythons=(PYTHON,),
        least=0.01,
        alpha=0.05,
        machine=describe_machine(),
        harness={},
        started_at="2026-01-01T00:00:00+00:00",
        repeat="python -m bench attribute sample r0..r6",
    )
    made = ATTRIBUTIONS.open(data, asked)
    reach = ReachRecord(
        scenario="work",
        python=PYTHON,
        states=(0, 2, 3, 5),
        steps=((2,), (3,), (5,)),
        proved=dict.fromkeys((1, 4, 6), NoEffectProof.NOT_READ),
        work=(20.0, 19.9, 19.9, 19.95),
        modules=((0, 2), (0, 0), (0, 0)),
    )
    made = ATTRIBUTIONS.append(made, reach)
    for (first, last), ratio in RATIOS.items():
        made = ATTRIBUTIONS.append(made, _stretch(first, last, ratio))
    return made


def _stretch(first: int, last: int, ratio: float) -> StretchRecord:
    verdict = Verdict.SAME if ratio == 1 else Verdict.FASTER if ratio < 1 else Verdict.SLOWER
    gain = Gain(
        scenario="work",
        python=PYTHON,
        verdict=verdict,
        interval=Interval(ratio, ratio * 0.998, ratio * 1.002),
        base_s=0.1,
        head_s=0.1 * ratio,
        rounds=10,
    )
    return StretchRecord(
        scenario="work",
        python=PYTHON,
        first=first,
        last=last,
        level=0.01,
        gain=gain,
        run=RunReference(f"r{first}..r{last}", PYTHON, "machine", "run"),
    )
