"""From the claims of a range to what became of each: measure, judge, try the next benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.core.errors import BuildError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.core.revision import Revision
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.standing import AttributionProgress, SessionTime
from bench.explain.claims.choosing import ClaimBenchmark
from bench.explain.claims.record import (
    BenchmarkTried,
    ClaimsEvent,
    ClaimsTest,
    SpeedClaim,
    TriedRecord,
)
from bench.explain.claims.request import ClaimsRequest
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.formats.text import change, counted

UNTESTED = "not run for the pairs of claims"


@dataclass(kw_only=True)
class ClaimsSession:
    """A test of claims on its way. What was done before an interruption is in its journal."""

    request: ClaimsRequest
    watcher: Watcher
    test: ClaimsTest
    _time: SessionTime = field(init=False)

    def __post_init__(self) -> None:
        """Its time begins."""
        self._time = SessionTime(self.request.limit_s)

    def run(self) -> ClaimsTest:
        """Do what is still to be done; raises `BenchError`, and keeps what it has done."""
        with exclusive(self.test.folder / "lock"):
            while (todo := self._todo()) and not self._time.is_over:
                self._measure(todo)
            if todo or self.test.progress is not AttributionProgress.DONE:
                self._write(self._time.stood(is_done=not todo))
        return self.test

    def _todo(self) -> list[BenchmarkTried]:
        """What is measured next, in one run: of one pair on one Python, as far as it goes together.

        Tests of functions need other environments, and each its own process: they go alone, and
        last, since they take longest.
        """
        found = [one for key in self.test.keys if (one := self.test.next(*key)) is not None]
        found.sort(key=lambda one: self._candidate(one).is_suite)
        if not found:
            return []
        first, *others = found
        if self._candidate(first).is_suite:
            return [first]
        together = [
            one
            for one in others
            if self._pair(one) == self._pair(first)
            and one.python == first.python
            and not self._candidate(one).is_suite
        ]
        return [first, *together]

    def _measure(self, attempts: Sequence[BenchmarkTried]) -> None:
        first = attempts[0]
        base, head = self._pair(first)
        candidates = {one.benchmark.name: one for one in map(self._candidate, attempts)}
        self.watcher.say(
            f"measuring {base.label}..{head.label}, Python {first.python}: {', '.join(candidates)}"
        )
        request = self.request.test(base, head, [one.benchmark for one in candidates.values()])
        measuring = PairMeasuring(request=request, watcher=self.watcher, untested=UNTESTED)
        interpreters = [one for one in request.interpreters if one.version == first.python]
        measured, failed = None, None
        try:
            measured = measuring.measure(
                base.identity,
                head.identity,
                candidates,
                self.test.asked.alpha,
                interpreters=interpreters,
            )
        except (BuildError, NothingMeasuredError) as error:
            failed = error
        for one in attempts:
            name = self._candidate(one).benchmark.name
            record = _record(one, name, measured, failed)
            self._write(record)
            self.watcher.say(f"  {name}: {self._outcome(record)}")

    def _claim(self, attempt: BenchmarkTried) -> SpeedClaim:
        return self.test.asked.claims[attempt.claim]

    def _candidate(self, attempt: BenchmarkTried) -> ClaimBenchmark:
        return self._claim(attempt).candidates[attempt.candidate]

    def _pair(self, attempt: BenchmarkTried) -> tuple[Revision, Revision]:
        claim = self._claim(attempt)
        base = claim.older if attempt.older and claim.older else claim.base
        return base, claim.commit

    def _outcome(self, record: TriedRecord) -> str:
        if not record.is_measured or record.gain is None or record.gain.interval is None:
            return record.failure
        verdict = self.test.judged(record.claim, record.python).verdict
        measured = f"{change(record.gain.interval)}, {counted(record.gain.rounds, 'round')}"
        return f"{measured}: {verdict}"

    def _write(self, event: ClaimsEvent) -> None:
        self.test = CLAIMS.append(self.test, event)


def _record(
    attempt: BenchmarkTried,
    name: str,
    measured: MeasuredPair | None,
    failed: BuildError | NothingMeasuredError | None,
) -> TriedRecord:
    reason = failed.reason_for(name) if failed else "the run says nothing of it"
    gains = measured.gains if measured else ()
    gain = next((one for one in gains if one.scenario == name), None)
    return TriedRecord(
        claim=attempt.claim,
        python=attempt.python,
        candidate=attempt.candidate,
        older=attempt.older,
        gain=gain,
        run=measured.runs[0] if measured else None,
        reason="" if gain else reason,
        is_final=isinstance(failed, BuildError),
    )


def pythons_of_claims(
    claims: Iterable[SpeedClaim], asked: Sequence[str], had: Sequence[str], usual: str
) -> tuple[tuple[str, ...], ...]:
    """On which Pythons each claim is tested: those asked for; else the one it names, if `had`."""
    return tuple(
        tuple(asked) or ((one.python,) if one.python in had else (usual,)) for one in claims
    )
