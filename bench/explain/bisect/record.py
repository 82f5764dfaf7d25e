"""What is stored of a bisection as it goes on, so that it can be resumed and shown.

`data/bisect/<target>/<base>..<head>/<id>/` holds `bisect.json`, what was asked, written once, and
`events.jsonl`, appended to event by event. What was measured are ordinary runs, which are referred
to. Why each question was asked, and what followed from its answer, is computed from the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from bench.core.machine import Machine
from bench.core.revision import Pair, Revision
from bench.core.verdict import Verdict
from bench.engine.statistics.spending import weighted_levels
from bench.engine.store.journals import AskedRecord
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import ReachRecord
from bench.explain.attribute.standing import AttributionStood, ToldInSessions
from bench.explain.bisect.search import Bisection, BisectKnown, Purpose, StateAnswer, WantedWay
from bench.explain.optimize.record import Gain, RunReference

FORMAT = 1
ASKED = "bisect.json"
_ANY = 0.5


class BisectionAsked(AskedRecord, frozen=True, kw_only=True):
    """What was asked; `commits` are those of the range, oldest first.

    `words` are what the benchmark runs, for a reader; `least` is the change that matters, `error`
    the probability that another commit than the one named did it; `proving`: whether commits were
    proved to contribute nothing; `repeat` is the command line.
    """

    format: int
    id: str
    target: str
    pair: Pair
    commits: tuple[RangeCommit, ...]
    benchmark: str
    words: str
    python: str
    least: float
    error: float
    wanted: WantedWay
    proving: bool
    machine: Machine
    harness: dict[str, str]
    started_at: str
    repeat: str

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        return Path(self.target, self.pair.label, self.id, ASKED)

    @property
    def question(self) -> tuple[object, ...]:
        """What two bisections must share for one to go on with the other."""
        commits = tuple(one.revision.identity for one in self.commits)
        asked = self.benchmark, self.python, self.least, self.error, self.wanted, self.proving
        return self.target, self.pair.base.identity, commits, asked, self.machine.name

    def revision(self, index: int) -> Revision:
        """The revision after so many commits of the range."""
        return self.commits[index - 1].revision if index else self.pair.base


class AnswerRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="answer"):
    """Two states as they were compared, or why they could not be; `first` and `last` are states.

    `level` is the error rate of the interval, `precision` the change that mattered for it.
    """

    first: int
    last: int
    purpose: Purpose
    precision: float
    level: float
    gain: Gain | None = None
    run: RunReference | None = None
    reason: str = ""

    @property
    def answer(self) -> StateAnswer:
        """What the search goes by."""
        gain = self.gain
        is_known = gain is not None and gain.verdict is not None
        is_known = is_known and gain is not None and gain.verdict is not Verdict.BROKEN
        return StateAnswer(
            first=self.first,
            last=self.last,
            interval=gain.interval if gain is not None and is_known else None,
            verdict=gain.verdict if gain is not None else None,
            level=self.level,
            reason=self.reason,
        )


def _prior(weights: tuple[float, ...]) -> tuple[float, ...]:
    """How probable each candidate is at first: half of it equal, half by how its counts move."""
    levels = weighted_levels(weights, _ANY) if weights else ()
    return tuple(one / _ANY for one in levels)


BisectionEvent = ReachRecord | AnswerRecord | AttributionStood


@dataclass(frozen=True)
class BisectionTold(ToldInSessions[BisectionAsked, BisectionEvent]):
    """One as read."""

    @cached_property
    def reach(self) -> ReachRecord | None:
        """Which commits can matter, once that is known."""
        found = (one for one in reversed(self.events) if isinstance(one, ReachRecord))
        return next(found, None)

    @cached_property
    def measured(self) -> tuple[AnswerRecord, ...]:
        """The answers, in order."""
        return tuple(one for one in self.events if isinstance(one, AnswerRecord))

    def known(self, answers: int | None = None) -> BisectKnown:
        """What is known after so many answers; None for all."""
        assert self.reach is not None
        weights = self.reach.search(self.asked.least).weights
        search = Bisection(
            prior=_prior(weights),
            least=self.asked.least,
            error=self.asked.error,
            wanted=self.asked.wanted,
        )
        return search.known([one.answer for one in self.measured[:answers]])

    def commits(self, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of the commits (from 1) that these candidates are."""
        assert self.reach is not None
        return tuple(number for one in candidates for number in self.reach.steps[one - 1])
