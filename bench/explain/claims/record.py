"""What is stored of a test of claims as it goes on, so that it can be resumed and shown.

`data/claims/<target>/<base>..<head>/<id>/` holds `claims.json`, what was found and asked, written
once, and `events.jsonl`, appended to test by test. Nothing of a message is in either: figures,
names and words of ours. What was measured are ordinary runs, which are referred to; their ratios
are repeated here, so that a page needs no more than this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from bench.core.machine import Machine
from bench.core.revision import Pair, Revision
from bench.core.verdict import Verdict
from bench.engine.store.journals import AskedRecord
from bench.explain.attribute.standing import AttributionStood, ToldInSessions
from bench.explain.claims.choosing import ClaimBenchmark
from bench.explain.claims.judging import ClaimVerdict, judge
from bench.explain.optimize.record import Gain, RunReference

FORMAT = 1
ASKED = "claims.json"
_OLDER_MAY_TELL = {ClaimVerdict.LESS, ClaimVerdict.NO_EFFECT}
_REACHED = {ClaimVerdict.HOLDS, ClaimVerdict.MORE}


class SpeedClaim(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A speed-up that a commit's message claims, and what can test it.

    `what` is what it is of, `ratio` before / after (None: only that it is faster), times are in
    seconds as claimed. It is tested against `base`, the commit's parent; `older` is where its
    branch began, if that is another. `told_by` is another commit whose message has the figure.
    `older_base`, `net` and `python` are what the message says of how it was measured.
    `candidates` are tried in turn; `reason` says why there is none.
    """

    commit: Revision
    base: Revision
    author: str
    kind: str
    what: str
    ratio: float | None
    before_s: float | None = None
    after_s: float | None = None
    older: Revision | None = None
    told_by: str = ""
    older_base: bool = False
    net: bool = False
    python: str = ""
    candidates: tuple[ClaimBenchmark, ...] = ()
    reason: str = ""


class ClaimsAsked(AskedRecord, frozen=True, kw_only=True):
    """What was asked: the claims that were found in a range, the oldest first.

    `commits` were read, `repeated` claims were told more than once. `pythons` has those of each
    claim. `least` is the change that matters, `alpha` the error rate of each test, `message_of` the
    commit whose message is tested on the whole range, "" where each is tested by itself.
    """

    format: int
    id: str
    target: str
    pair: Pair
    claims: tuple[SpeedClaim, ...]
    commits: int
    repeated: int
    pythons: tuple[tuple[str, ...], ...]
    least: float
    alpha: float
    machine: Machine
    harness: dict[str, str]
    started_at: str
    repeat: str
    message_of: str = ""

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        return Path(self.target, self.pair.label, self.id, ASKED)

    @property
    def question(self) -> tuple[object, ...]:
        """What two must share for one to go on with the other."""
        claims = tuple((one.commit.identity, one.what, one.ratio) for one in self.claims)
        asked = self.pythons, self.least, self.alpha, self.message_of
        ends = self.pair.base.identity, self.pair.head.identity
        return self.target, ends, claims, asked, self.machine.name


class TriedRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="tried"):
    """A claim, by its number, tested with one of its candidates, or why it was not.

    `older`: against where its branch began. `is_final`: no other candidate would do better.
    """

    claim: int
    python: str
    candidate: int
    older: bool = False
    gain: Gain | None = None
    run: RunReference | None = None
    reason: str = ""
    is_final: bool = False

    @property
    def is_measured(self) -> bool:
        """Whether there is a size with limits, and a verdict."""
        gain = self.gain
        return gain is not None and gain.verdict is not None and gain.interval is not None

    @property
    def is_short(self) -> bool:
        """Whether it works, but too few rounds were taken to say anything."""
        gain = self.gain
        return gain is not None and gain.verdict is Verdict.UNDECIDED and gain.interval is None

    @property
    def failure(self) -> str:
        """Why it is not measured."""
        if self.is_short:
            return "too few rounds for limits"
        if self.gain is not None and self.gain.verdict is Verdict.BROKEN:
            return "it works before the commit and fails after it"
        return self.reason or (self.gain.reason if self.gain else "") or "it does not say why"


ClaimsEvent = TriedRecord | AttributionStood


@dataclass(frozen=True)
class BenchmarkTried:
    """The next thing to measure of a claim."""

    claim: int
    python: str
    candidate: int
    older: bool = False


@dataclass(frozen=True, kw_only=True)
class JudgedClaim:
    """A claim on one Python: the verdict, what it rests on, and words about it."""

    verdict: ClaimVerdict
    test: TriedRecord | None = None
    older: TriedRecord | None = None
    reason: str = ""


@dataclass(frozen=True)
class ClaimsTest(ToldInSessions[ClaimsAsked, ClaimsEvent]):
    """One as read."""

    @cached_property
    def _tests(self) -> dict[tuple[int, str], list[TriedRecord]]:
        found: dict[tuple[int, str], list[TriedRecord]] = {}
        for one in self.events:
            if isinstance(one, TriedRecord):
                found.setdefault((one.claim, one.python), []).append(one)
        return found

    def tests(self, claim: int, python: str) -> list[TriedRecord]:
        """What was tried, in its order."""
        return self._tests.get((claim, python), [])

    def next(self, number: int, python: str) -> BenchmarkTried | None:
        """What is to be measured next of a claim; None where nothing is left."""
        claim = self.asked.claims[number]
        tried = [one for one in self.tests(number, python) if not one.older]
        measured = next((one for one in tried if one.is_measured), None)
        if measured is None:
            is_over = any(one.is_final or one.is_short for one in tried)
            is_over = is_over or len(tried) >= len(claim.candidates)
            return None if is_over else BenchmarkTried(number, python, len(tried))
        if claim.older is None or any(one.older for one in self.tests(number, python)):
            return None
        if claim.older_base or self._by_parent(claim, measured) in _OLDER_MAY_TELL:
            return BenchmarkTried(number, python, measured.candidate, older=True)
        return None

    def judged(self, number: int, python: str) -> JudgedClaim:
        """What became of a claim so far."""
        claim, tests = self.asked.claims[number], self.tests(number, python)
        if not claim.candidates:
            return JudgedClaim(verdict=ClaimVerdict.NOT_TESTABLE, reason=claim.reason)
        measured = next((one for one in tests if one.is_measured and not one.older), None)
        if measured is None:
            if self.next(number, python) is not None:
                return JudgedClaim(verdict=ClaimVerdict.OPEN)
            if tests[-1].is_short:
                return JudgedClaim(
                    verdict=ClaimVerdict.UNDECIDED, test=tests[-1], reason=tests[-1].failure
                )
            reasons = dict.fromkeys(one.failure for one in tests)
            return JudgedClaim(verdict=ClaimVerdict.NOT_TESTABLE, reason="; ".join(reasons))
        verdict = self._by_parent(claim, measured)
        older = next((one for one in tests if one.is_measured and one.older), None)
        elsewhere = ""
        if verdict not in _REACHED:
            elsewhere = _elsewhere(claim, verdict, older)
        return JudgedClaim(
            verdict=ClaimVerdict.ELSEWHERE if elsewhere else verdict,
            test=measured,
            older=older,
            reason="; ".join(
                filter(None, (elsewhere or _remark(claim, python, verdict), _outputs(measured)))
            ),
        )

    def _by_parent(self, claim: SpeedClaim, test: TriedRecord) -> ClaimVerdict:
        judged = _judged(claim, test)
        assert judged is not None
        return judged

    @property
    def keys(self) -> list[tuple[int, str]]:
        """Each claim by its number, on each of its Pythons."""
        return [
            (number, python)
            for number, pythons in enumerate(self.asked.pythons)
            for python in pythons
        ]


def _elsewhere(claim: SpeedClaim, verdict: ClaimVerdict, older: TriedRecord | None) -> str:
    """Against what a claim may hold that does not hold against its parent; "" for nothing."""
    if older is not None and _judged(claim, older) in _REACHED:
        return "against an older base: where its branch began it holds"
    if claim.older_base and verdict in _OLDER_MAY_TELL:
        return "against an older base, as the message says"
    if claim.net and verdict in _OLDER_MAY_TELL:
        return "without the interpreter's own start, as the message says"
    return ""


def _outputs(test: TriedRecord) -> str:
    """That something else is printed than before, where that is so."""
    return test.gain.reason if test.gain else ""


def _judged(claim: SpeedClaim, test: TriedRecord) -> ClaimVerdict | None:
    gain = test.gain
    if gain is None or gain.verdict is None or gain.interval is None:
        return None
    return judge(claim.ratio, gain.verdict, gain.interval)


def _remark(claim: SpeedClaim, python: str, verdict: ClaimVerdict) -> str:
    if claim.python and claim.python != python and verdict is not ClaimVerdict.HOLDS:
        return f"claimed for Python {claim.python}"
    return ""
