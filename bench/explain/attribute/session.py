"""From a range to what each of its commits contributed: observe, search, measure."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.core.errors import BenchError, BuildError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.observing import Observatory
from bench.explain.attribute.reach import Candidates, Reads, built_ahead, find_candidates
from bench.explain.attribute.record import (
    Attribution,
    AttributionEvent,
    AttributionProgress,
    AttributionStood,
    ReachRecord,
    StretchRecord,
)
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.search import Stretch
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.explain.rank.recording import compile_recorder
from bench.formats.text import change, counted

UNTESTED = "not run for the pairs of an attribution"


@dataclass(kw_only=True)
class AttributeSession:
    """An attribution on its way. What was done before an interruption is in its journal."""

    request: AttributeRequest
    watcher: Watcher
    attribution: Attribution
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> Attribution:
        """Do what is still to be done; raises `BenchError`, and keeps what it has done."""
        with exclusive(self.attribution.folder / "lock"):
            for interpreter in self.request.interpreters:
                self._reach(interpreter)
            found = self.attribution.reached
            if not any(not one.failure for one in found.values()):
                raise NothingMeasuredError(
                    "No scenario works at both ends of the range: "
                    + "; ".join(f"{name}: {one.failure}" for (name, _), one in found.items()),
                )
            self._search()
        return self.attribution

    def _reach(self, interpreter: Interpreter) -> None:
        """Find out which commits can matter to each scenario on a Python."""
        version, names = interpreter.version, self.attribution.asked.scenarios
        if all((name, version) in self.attribution.reached for name in names):
            return
        self.watcher.phase(f"observing both ends on Python {version}")
        with Observatory.opened(self.request, interpreter, self.watcher) as observatory:
            found = {
                name: self._candidates(observatory, name) for name in self._working(observatory)
            }
            for name in names:
                self.watcher.say(
                    f"{name}, Python {version}: "
                    + (
                        _told(found[name], len(self.request.commits))
                        if name in found
                        else self._why(observatory, name)
                    )
                )
            self._count(found, observatory, interpreter)
            for name in names:
                self._write(
                    _record(name, version, found[name], observatory)
                    if name in found
                    else ReachRecord(
                        scenario=name, python=version, failure=self._why(observatory, name)
                    )
                )

    def _count(
        self,
        found: Mapping[str, Candidates],
        observatory: Observatory,
        interpreter: Interpreter,
    ) -> None:
        """Count the instructions of all states, where there are several."""
        places = {
            (state.index, name)
            for name, one in found.items()
            if len(one.states) > 1
            for state in one.states
        }
        if places:
            self._compile(interpreter)
            observatory.count(places)

    def _compile(self, interpreter: Interpreter) -> None:
        built = self.request.builder(0, self.watcher).build_one(interpreter)
        compile_recorder((built.venv / "bin" / "python").resolve())

    def _working(self, observatory: Observatory) -> list[str]:
        """The scenarios that work at both ends; what they read tells what to build ahead."""
        last = len(self.request.commits)
        observatory.observe([0, last])
        working, ahead = [], set[int]()
        for name in self.attribution.asked.scenarios:
            ends = [observatory.reads(index, name) for index in (0, last)]
            known = [one for one in ends if one is not None]
            if len(known) == len(ends):
                working.append(name)
                ahead |= set(built_ahead(self.request.commits, known))
        if ahead:
            self.watcher.phase(f"observing {counted(len(ahead), 'commit')} that may matter")
            observatory.observe(sorted(ahead))
        return working

    def _candidates(self, observatory: Observatory, name: str) -> Candidates:
        def observe(index: int) -> Reads | None:
            return observatory.reads(index, name)

        return find_candidates(self.request.commits, observe)

    def _why(self, observatory: Observatory, name: str) -> str:
        """Why a scenario is left out: at which end it does not work."""
        last = len(self.request.commits)
        return "; ".join(
            f"does not work at {self.request.revisions[index].label}: "
            f"{observatory.failed[index, name]}"
            for index in (0, last)
            if (index, name) in observatory.failed
        )

    def _search(self) -> None:
        """Measure stretches until nothing is left to open, or the time is used up."""
        self.watcher.phase("")
        while (todo := self._todo()) and not self._is_over:
            self._measure(*todo)
        progress = AttributionProgress.OUT_OF_BUDGET if todo else AttributionProgress.DONE
        if not todo and self.attribution.progress is AttributionProgress.DONE:
            return
        took_s = round(time.monotonic() - self._started, 1)
        self._write(AttributionStood(progress=progress, at=_now(), took_s=took_s))

    @property
    def _is_over(self) -> bool:
        limit_s = self.request.limit_s
        return bool(limit_s) and time.monotonic() - self._started > limit_s

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
        last_state = len(one.states) - 1
        last = len(self.request.commits) if stretch.last == last_state else one.states[stretch.last]
        return one.states[stretch.first], last

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
        measured, reason = None, ""
        try:
            measured = measuring.measure(
                base.identity, head.identity, wanted, level, interpreters=(interpreter,)
            )
        except (BuildError, NothingMeasuredError) as error:
            reason = _line(error)
        for name, stretch in wanted.items():
            record = _stretch(name, python, stretch, level, measured, reason)
            self._write(record)
            self.watcher.say(f"  {name}: {_outcome(record)}")

    def _write(self, event: AttributionEvent) -> None:
        self.attribution = ATTRIBUTIONS.append(self.attribution, event)


def _record(name: str, python: str, one: Candidates, observatory: Observatory) -> ReachRecord:
    modules = [state.reads.modules for state in one.states]
    return ReachRecord(
        scenario=name,
        python=python,
        states=tuple(state.index for state in one.states),
        steps=one.steps,
        proved=one.proved,
        left_out={index: observatory.failed[index, name] for index in one.left_out},
        work=tuple(observatory.work(state.index, name) for state in one.states),
        modules=tuple(
            (len(after - before), len(before - after))
            for before, after in itertools.pairwise(modules)
        ),
        built_files=tuple(sorted({file for state in one.states for file in state.reads.built})),
        unobserved=tuple(sorted({word for state in one.states for word in state.reads.started})),
    )


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
        reason="" if gain else reason or "the run says nothing of it",
    )


def _told(found: Candidates, commits: int) -> str:
    proved = len(found.proved)
    return (
        f"of {counted(commits, 'commit')} {proved} contribute exactly nothing, as is proved; "
        f"{commits - proved} may matter"
    )


def _outcome(record: StretchRecord) -> str:
    gain = record.gain
    if gain is None or gain.interval is None:
        return record.reason or (gain.reason if gain else "")
    return f"{change(gain.interval)}, {gain.verdict}, {counted(gain.rounds, 'round')}"


def _line(error: BenchError) -> str:
    return " ".join(error.message.split())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
