"""From a range to what each of its commits contributed: observe, search, measure."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.core.errors import BuildError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.reaching import Reaching, nothing_works
from bench.explain.attribute.record import (
    Attribution,
    AttributionEvent,
    ReachRecord,
    StretchRecord,
)
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.search import Stretch
from bench.explain.attribute.standing import AttributionProgress, SessionTime
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.explain.optimize.record import Gain
from bench.formats.text import change, counted

UNTESTED = "not run for the pairs of an attribution"


@dataclass(kw_only=True)
class AttributeSession:
    """An attribution on its way. What was done before an interruption is in its journal."""

    request: AttributeRequest
    watcher: Watcher
    attribution: Attribution
    _time: SessionTime = field(init=False)

    def __post_init__(self) -> None:
        """Its time begins."""
        self._time = SessionTime(self.request.limit_s)

    def run(self) -> Attribution:
        """Do what is still to be done; raises `BenchError`, and keeps what it has done."""
        with exclusive(self.attribution.folder / "lock"):
            for interpreter in self.request.interpreters:
                self._reach(interpreter)
            found = self.attribution.reached
            if all(one.failure for one in found.values()):
                raise nothing_works(found.values())
            self._search()
        return self.attribution

    def _reach(self, interpreter: Interpreter) -> None:
        """Find out which commits can matter to each scenario on a Python."""
        version, names = interpreter.version, self.attribution.asked.scenarios
        known = [self.attribution.reached.get((name, version)) for name in names]
        if all(one and not (one.failure and one.unbuilt) for one in known):
            return  # what could not be installed is tried again
        reaching = Reaching(
            request=self.request,
            watcher=self.watcher,
            known=self.attribution.counts(version),
            tell=self._write,
        )
        for record in reaching.reach(interpreter, names):
            self._write(record)

    def _search(self) -> None:
        """Measure stretches until nothing is left to open, or the time is used up."""
        self.watcher.phase("")
        while (todo := self._todo()) and not self._time.is_over:
            self._measure(*todo)
        if todo or self.attribution.progress is not AttributionProgress.DONE:
            self._write(self._time.stood(is_done=not todo))

    def _todo(self) -> tuple[str, int, int, dict[str, Stretch]] | None:
        """The next pair, on which Python, and the scenarios that want it."""
        found = self.attribution
        wanted: dict[tuple[str, int, int], dict[str, Stretch]] = {}
        for (name, python), one in found.reached.items():
            if one.failure:
                continue
            stretch = one.search(found.asked.least).next(found.seen(name, python))
            if stretch is not None:
                ends = self._ends(one, stretch)
                wanted.setdefault((python, *ends), {})[name] = stretch
        if not wanted:
            return None
        measured = {key: len(found.measured(*key)) for key in found.reached}
        python, first, last = min(
            wanted, key=lambda one: min(measured[name, one[0]] for name in wanted[one])
        )
        return python, first, last, wanted[python, first, last]

    def _ends(self, one: ReachRecord, stretch: Stretch) -> tuple[int, int]:
        """Indexes of the revisions that are measured: the ends of the range are its own."""
        commits = len(self.request.commits)
        return one.index_of(stretch.first, commits), one.index_of(stretch.last, commits)

    def _measure(self, python: str, first: int, last: int, wanted: dict[str, Stretch]) -> None:
        attribution = self.attribution
        level = min(attribution.level(name, python, one) for name, one in wanted.items())
        base, head = (self.request.revisions[index] for index in (first, last))
        self.watcher.say(
            f"measuring {base.label}..{head.label} ({counted(last - first, 'commit')}), "
            f"Python {python}: {', '.join(wanted)}"
        )
        interpreter = next(one for one in self.request.interpreters if one.version == python)
        measuring = PairMeasuring(request=self.request, watcher=self.watcher, untested=UNTESTED)
        measured, failed = None, None
        try:
            measured = measuring.measure(
                base.identity, head.identity, wanted, level, interpreters=(interpreter,)
            )
        except (BuildError, NothingMeasuredError) as error:
            failed = error
        for name, stretch in wanted.items():
            reason = failed.reason_for(name) if failed else ""
            record = _stretch(name, python, stretch, level, measured, reason)
            self._write(record)
            self.watcher.say(f"  {name}: {_outcome(record)}")

    def _write(self, event: AttributionEvent) -> None:
        self.attribution = ATTRIBUTIONS.append(self.attribution, event)


def _stretch(
    name: str,
    python: str,
    stretch: Stretch,
    level: float,
    measured: MeasuredPair | None,
    reason: str,
) -> StretchRecord:
    gains = measured.gains if measured else ()
    gain = next((one for one in gains if one.scenario == name), None)
    return StretchRecord(
        scenario=name,
        python=python,
        first=stretch.first,
        last=stretch.last,
        level=level,
        gain=gain,
        run=measured.runs[0] if measured else None,
        reason=_why_not(gain, reason),
    )


def _why_not(gain: Gain | None, reason: str) -> str:
    """Why there is no interval; "" where there is one."""
    if gain is None:
        return reason or "the run says nothing of it"
    if gain.interval is None and not gain.reason:
        return f"{counted(gain.rounds, 'round')}: too few for an interval"
    return ""


def _outcome(record: StretchRecord) -> str:
    gain = record.gain
    if gain is None or gain.interval is None:
        return record.reason or (gain.reason if gain else "")
    return f"{change(gain.interval)}, {gain.verdict}, {counted(gain.rounds, 'round')}"
