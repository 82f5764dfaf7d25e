"""From a range to the commit that did it: observe, ask, measure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from bench.core.errors import BuildError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.core.verdict import Verdict
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.reaching import Reaching, every_commit, nothing_works
from bench.explain.attribute.record import ReachRecord
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.standing import AttributionProgress, SessionTime
from bench.explain.bisect.record import AnswerRecord, BisectionEvent, BisectionTold
from bench.explain.bisect.search import StateQuestion
from bench.explain.bisect.stored import BISECTIONS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.formats.text import change, counted, share

UNTESTED = "not run for the pairs of a bisection"


@dataclass(kw_only=True)
class BisectionSession:
    """A bisection on its way. What was done before an interruption is in its journal."""

    request: AttributeRequest
    watcher: Watcher
    bisection: BisectionTold
    _time: SessionTime = field(init=False)

    def __post_init__(self) -> None:
        """Its time begins."""
        self._time = SessionTime(self.request.limit_s)

    def run(self) -> BisectionTold:
        """Do what is still to be done; raises `BenchError`, and keeps what it has done."""
        with exclusive(self.bisection.folder / "lock"):
            reach = self._reach()
            if reach.failure:
                raise nothing_works([reach])
            self._ask()
        return self.bisection

    def _reach(self) -> ReachRecord:
        """Which commits can matter: by proof, or each of them."""
        asked = self.bisection.asked
        known = self.bisection.reach
        if known is None or (known.failure and known.unbuilt):  # what was not installed: once more
            reaching = Reaching(request=self.request, watcher=self.watcher, counting=False)
            (interpreter,) = self.request.interpreters
            found = (
                reaching.reach(interpreter, [asked.benchmark])[0]
                if asked.proving
                else every_commit(asked.benchmark, asked.python, len(asked.commits))
            )
            self._write(found)
        assert self.bisection.reach is not None
        return self.bisection.reach

    def _ask(self) -> None:
        """Ask until nothing is left to ask, or the time is used up."""
        self.watcher.phase("")
        while (question := self.bisection.known().next) is not None and not self._time.is_over:
            self._measure(question)
            self.watcher.say(f"  {_leading(self.bisection)}")
        if question is not None or self.bisection.progress is not AttributionProgress.DONE:
            self._write(self._time.stood(is_done=question is None))

    def _measure(self, question: StateQuestion) -> None:
        reach, asked = self.bisection.reach, self.bisection.asked
        assert reach is not None
        base, head = (
            self.request.revisions[reach.index_of(state, len(asked.commits))]
            for state in (question.first, question.last)
        )
        self.watcher.say(f"{base.label}..{head.label}: {question.purpose}")
        measuring = PairMeasuring(
            request=dataclasses.replace(self.request, least=question.precision),
            watcher=self.watcher,
            untested=UNTESTED,
        )
        measured, reason = None, ""
        try:
            measured = measuring.measure(
                base.identity, head.identity, [asked.benchmark], asked.error
            )
        except (BuildError, NothingMeasuredError) as error:
            reason = error.reason_for(asked.benchmark)
        record = _answer(question, asked.error, measured, reason)
        if self.bisection.measured or record.answer.interval is not None:
            self._write(record)
        else:
            raise NothingMeasuredError(
                f"{asked.benchmark} could not be compared between base and head: "
                f"{record.answer.reason}.",
                "The same command measures them again.",
            )
        self.watcher.say(f"  {_outcome(record)}")

    def _write(self, event: BisectionEvent) -> None:
        self.bisection = BISECTIONS.append(self.bisection, event)


def _answer(
    question: StateQuestion, level: float, measured: MeasuredPair | None, reason: str
) -> AnswerRecord:
    gain = measured.gains[0] if measured and measured.gains else None
    if gain is None:
        reason = reason or "the run says nothing of it"
    elif gain.interval is None:
        is_decided = gain.verdict not in {None, Verdict.BROKEN}
        reason = "there were too few rounds" if is_decided else gain.reason or str(gain.verdict)
    return AnswerRecord(
        first=question.first,
        last=question.last,
        purpose=question.purpose,
        precision=question.precision,
        level=level,
        gain=gain,
        run=measured.runs[0] if measured else None,
        reason=reason,
    )


def _outcome(record: AnswerRecord) -> str:
    answer = record.answer
    if answer.interval is None or record.gain is None:
        return answer.reason
    return f"{change(answer.interval)}, {answer.verdict}, {counted(record.gain.rounds, 'round')}"


def _leading(bisection: BisectionTold) -> str:
    found = bisection.known().outcome
    if not found.candidates:
        return str(found.ending)
    commits = bisection.commits(found.candidates)
    labels = [bisection.asked.revision(number).label for number in commits]
    shown = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
    left = f"{counted(len(commits), 'commit')} left ({shown})"
    return f"{left}, with probability {share(found.probability)}"
