"""A bisection on disk: a range with one known step, asked and answered as a session would."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.core.revision import Pair
from bench.explain.attribute.range import ChangedPath, RangeCommit
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.record import ReachRecord
from bench.explain.attribute.standing import AttributionProgress, AttributionStood
from bench.explain.bisect.record import AnswerRecord, BisectionAsked, BisectionTold
from bench.explain.bisect.search import StateQuestion, WantedWay
from bench.explain.bisect.stored import BISECTIONS
from bench.explain.optimize.record import Gain, RunReference
from support.simulated_bisection import ERROR, LEAST, SimulatedBisection
from support.synthetic_ranges import PYTHON, STARTED, revision
from support.synthetic_runs import RunPlan, machine_of

# Every other commit may matter; of those the third slows it down.
COMMITS, STEP, CHANGE = 16, 3, 0.3


def synthetic_bisection(data: Path) -> BisectionTold:
    """Store one; the pairs it names need not be there."""
    candidates = tuple(range(1, COMMITS + 1, 2))
    made = BISECTIONS.append(begun_bisection(data), _reach(candidates))
    changes = [CHANGE if place == STEP - 1 else 0.0 for place in range(len(candidates))]
    played = SimulatedBisection(changes, np.random.default_rng(7))
    while (question := made.known().next) is not None:
        made = BISECTIONS.append(made, _answer(played, question))
    stood = AttributionStood(progress=AttributionProgress.DONE, at=STARTED, took_s=60.0)
    return BISECTIONS.append(made, stood)


def begun_bisection(data: Path) -> BisectionTold:
    """Store one that was asked for, of which nothing is known yet."""
    return BISECTIONS.create(data, _asked())


def _asked() -> BisectionAsked:
    return BisectionAsked(
        format=1, id="20261129T0900000000", target="sample",
        pair=Pair(revision(0), revision(COMMITS), "a test"),
        commits=tuple(
            RangeCommit(revision=revision(one), author="A", changed=(ChangedPath("a.py"),))
            for one in range(1, COMMITS + 1)
        ),
        benchmark="help", words="sample --help", python=PYTHON, least=LEAST, error=ERROR,
        wanted=WantedWay.SLOWER, proving=True, machine=machine_of(RunPlan()), harness={},
        started_at=STARTED, repeat="python -m bench bisect sample r0..r16 --benchmark help",
    )  # fmt: skip


def _reach(candidates: tuple[int, ...]) -> ReachRecord:
    return ReachRecord(
        scenario="help", python=PYTHON, states=(0, *candidates),
        steps=tuple((one,) for one in candidates),
        proved=dict.fromkeys(set(range(1, COMMITS + 1)) - set(candidates), NoEffectProof.NOT_READ),
        work=(20.0,) * (len(candidates) + 1), modules=((0, 0),) * len(candidates),
    )  # fmt: skip


def _answer(played: SimulatedBisection, question: StateQuestion) -> AnswerRecord:
    answer = played.measured(question)
    ratio = answer.interval.ratio if answer.interval else 1.0
    return AnswerRecord(
        first=question.first, last=question.last, purpose=question.purpose,
        precision=question.precision, level=answer.level,
        gain=Gain(
            scenario="help", python=PYTHON, verdict=answer.verdict, interval=answer.interval,
            base_s=0.1, head_s=0.1 * ratio, rounds=12,
        ),
        run=RunReference(f"r{question.first}..r{question.last}", PYTHON, "sample-machine", "run"),
    )  # fmt: skip
