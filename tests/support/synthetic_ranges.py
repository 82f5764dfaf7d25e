"""An attribution and a test of claims as they are stored: nothing is run."""

from __future__ import annotations

from pathlib import Path

from bench.core.revision import Pair, Revision, Source
from bench.core.target import Benchmark
from bench.core.verdict import Interval, Verdict
from bench.explain.attribute.range import ChangedPath, RangeCommit
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.record import (
    Attribution,
    AttributionAsked,
    ReachRecord,
    StretchRecord,
)
from bench.explain.attribute.standing import AttributionProgress, AttributionStood
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.claims.choosing import ChosenBy, ClaimBenchmark
from bench.explain.claims.record import ClaimsAsked, ClaimsTest, SpeedClaim, TriedRecord
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.record import Gain
from support.synthetic_runs import RunPlan, machine_of

PYTHON = "3.13"
STARTED = "2026-11-29T09:00:00+00:00"


def revision(number: int) -> Revision:
    """A commit of the range; 0 is its base."""
    return Revision(
        source=Source.GIT, name=f"r{number}", identity=f"{number:040x}"[::-1],
        date="2026-04-02T00:00:00Z", subject=f"perf: change {number}",
    )  # fmt: skip


def _gain(scenario: str, ratio: float, base_s: float = 0.2) -> Gain:
    return Gain(
        scenario=scenario, python=PYTHON,
        verdict=Verdict.FASTER if ratio < 0.98 else Verdict.SAME,
        interval=Interval(ratio, ratio * 0.99, ratio * 1.01),
        base_s=base_s, head_s=base_s * ratio, rounds=12, metric="cpu",
    )  # fmt: skip


def synthetic_attribution(data: Path, steps: int = 2, scenario: str = "help") -> Attribution:
    """Of three times as many commits as steps, of which every third makes it 1.25x faster."""
    commits = 3 * steps
    pair = Pair(revision(0), revision(commits), "a test")
    asked = AttributionAsked(
        format=1, id="20261129T0900000000", target="sample", pair=pair,
        commits=tuple(
            RangeCommit(revision=revision(one), author="A", changed=(ChangedPath("a.py"),))
            for one in range(1, commits + 1)
        ),
        scenarios=(scenario,), words={scenario: f"sample --{scenario}"}, pythons=(PYTHON,),
        least=0.01, alpha=0.05, machine=machine_of(RunPlan()), harness={}, started_at=STARTED,
        repeat="python -m bench attribute sample r0..r6",
    )  # fmt: skip
    named = [3 * number + 2 for number in range(steps)]
    reach = ReachRecord(
        scenario=scenario, python=PYTHON, states=(0, *named), steps=tuple((one,) for one in named),
        proved=dict.fromkeys(set(range(1, commits + 1)) - set(named), NoEffectProof.NOT_READ),
        work=tuple(20.0 - number / 5 for number in range(steps + 1)),
        modules=((0, 2),) * steps,
    )  # fmt: skip
    made = ATTRIBUTIONS.append(ATTRIBUTIONS.create(data, asked), reach)
    whole = (0, steps, _gain(scenario, 0.8**steps))
    stretches = [whole, *((one, one + 1, _gain(scenario, 0.8)) for one in range(steps))]
    for first, last, gain in stretches:
        record = StretchRecord(
            scenario=scenario, python=PYTHON, first=first, last=last, level=0.01, gain=gain
        )
        made = ATTRIBUTIONS.append(made, record)
    return ATTRIBUTIONS.append(
        made, AttributionStood(progress=AttributionProgress.DONE, at=STARTED, took_s=60.0)
    )


def synthetic_claims(data: Path, measured: dict[float, float], commits: int = 6) -> ClaimsTest:
    """Claims of so many times faster, with the speed-up that was measured of each."""
    claims = tuple(
        SpeedClaim(
            commit=revision(number), base=revision(number - 1), author="A", kind="command",
            what=f"sample {number}", ratio=ratio,
            candidates=(
                ClaimBenchmark(
                    benchmark=Benchmark(name=f"b{number}", command=("sample", str(number))),
                    chosen_by=ChosenBy.COMMAND, declared=True,
                ),
            ),
        )
        for number, ratio in enumerate(measured, 1)
    )  # fmt: skip
    asked = ClaimsAsked(
        format=1, id="20261129T0900000000", target="sample",
        pair=Pair(revision(0), revision(commits), "a test"), claims=claims, commits=commits,
        repeated=0, pythons=((PYTHON,),) * len(claims), least=0.02, alpha=0.05,
        machine=machine_of(RunPlan()), harness={}, started_at=STARTED,
        repeat="python -m bench claims sample r0..r6",
    )  # fmt: skip
    made = CLAIMS.create(data, asked)
    for number, speedup in enumerate(measured.values()):
        gain = _gain(f"b{number + 1}", 1 / speedup)
        made = CLAIMS.append(made, TriedRecord(claim=number, python=PYTHON, candidate=0, gain=gain))
    return CLAIMS.append(
        made, AttributionStood(progress=AttributionProgress.DONE, at=STARTED, took_s=60.0)
    )
