"""From a range to what each of its commits contributed: observe, search, measure."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.core.errors import BenchError, BuildError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.life import Life, find_life
from bench.explain.attribute.observing import Observatory
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.reach import (
    Candidates,
    Reads,
    built_ahead,
    common_folder,
    find_candidates,
    touching_paths,
)
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
            if all(one.failure for one in found.values()):
                raise _nothing_works(found.values())
            self._search()
        return self.attribution

    def _reach(self, interpreter: Interpreter) -> None:
        """Find out which commits can matter to each scenario on a Python."""
        version, names = interpreter.version, self.attribution.asked.scenarios
        known = [self.attribution.reached.get((name, version)) for name in names]
        if all(one and not (one.failure and one.unbuilt) for one in known):
            return  # what could not be installed is tried again
        self.watcher.phase(f"observing both ends on Python {version}")
        with Observatory.opened(self.request, interpreter, self.watcher) as observatory:
            found = {
                name: self._candidates(observatory, name, life)
                for name, life in self._lives(observatory).items()
            }
            for name in names:
                self.watcher.say(
                    f"{name}, Python {version}: "
                    + (
                        _told(found[name], self.request.commits)
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
                        scenario=name,
                        python=version,
                        failure=self._why(observatory, name),
                        unbuilt=observatory.unbuilt_of(name),
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

    def _lives(self, observatory: Observatory) -> dict[str, Life]:
        """Where each scenario works; what it reads at both ends tells what to build ahead."""
        commits = self.request.commits
        observatory.observe([0, len(commits)])
        lives, ahead = dict[str, Life](), set[int]()
        for name in self.attribution.asked.scenarios:
            life = self._life(observatory, name)
            if life is None:
                continue
            lives[name] = life
            ends = (observatory.reads(index, name) for index in (life.first, life.last))
            ahead |= set(built_ahead(commits, filter(None, ends), life))
        if ahead:
            self.watcher.phase(f"observing {counted(len(ahead), 'commit')} that may matter")
            observatory.observe(sorted(ahead))
        return lives

    def _life(self, observatory: Observatory, name: str) -> Life | None:
        last = len(self.request.commits)
        if not all(observatory.works(index, name) for index in (0, last)):
            self.watcher.phase(f"looking for where {name} begins or ends")
        return find_life(lambda index: observatory.works(index, name), last)

    def _candidates(self, observatory: Observatory, name: str, life: Life) -> Candidates:
        def observe(index: int) -> Reads | None:
            return observatory.reads(index, name)

        return find_candidates(self.request.commits, observe, life)

    def _why(self, observatory: Observatory, name: str) -> str:
        """Why a scenario is left out: what there is at both ends."""
        ends = (0, len(self.request.commits))
        tried = sum(scenario == name for _, scenario in observatory.failed)
        words = "; ".join(
            f"does not work at {self.request.revisions[index].label}: "
            f"{_one_line(observatory.failed[index, name])}"
            for index in ends
        )
        return words if tried == len(ends) else f"{words}; nor at {tried - len(ends)} between"

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
        end = len(self.request.commits) if one.end is None else one.end
        is_last = stretch.last == len(one.states) - 1
        return one.states[stretch.first], end if is_last else one.states[stretch.last]

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
            reason = _one_line(error.message)
        for name, stretch in wanted.items():
            record = _stretch(name, python, stretch, level, measured, reason)
            self._write(record)
            self.watcher.say(f"  {name}: {_outcome(record)}")

    def _write(self, event: AttributionEvent) -> None:
        self.attribution = ATTRIBUTIONS.append(self.attribution, event)


def _nothing_works(found: Iterable[ReachRecord]) -> BenchError:
    """What is told where no scenario works anywhere that was tried."""
    found = list(found)
    if all(one.unbuilt for one in found):
        return BuildError(
            "No commit of the range that was tried can be installed: "
            f"{found[0].failure.partition(': ')[2]}.",
            "Choose a range whose ends can be installed on this machine, or another --python.",
        )
    reasons = "; ".join(f"{one.scenario} {one.failure}" for one in found)
    return NothingMeasuredError(f"No scenario works anywhere in the range: {reasons}.")


def _record(name: str, python: str, one: Candidates, observatory: Observatory) -> ReachRecord:
    commits = observatory.request.commits
    around = [index for index in (one.life.before, one.life.after) if index is not None]
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
        paths=touching_paths(commits, one),
        package=common_folder(one.states[0].reads.files),
        end=one.life.last if one.life.last < len(commits) else None,
        outside={index: _one_line(observatory.failed[index, name]) for index in around},
        processes=observatory.processes.get(name, 0),
        unbuilt=tuple(index for index in around if index in observatory.unbuilt),
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


def _told(found: Candidates, commits: Sequence[RangeCommit]) -> str:
    proved, living = len(found.proved), found.life.last - found.life.first
    words = (
        f"of {counted(living, 'commit')} {proved} contribute exactly nothing, as is proved; "
        f"{living - proved} may matter"
    )
    if found.life.before is not None:
        words = f"works from {commits[found.life.first - 1].revision.label} on; {words}"
    if found.life.after is not None:
        words = f"does not work from {commits[found.life.last].revision.label} on; {words}"
    return words


def _outcome(record: StretchRecord) -> str:
    gain = record.gain
    if gain is None or gain.interval is None:
        return record.reason or (gain.reason if gain else "")
    return f"{change(gain.interval)}, {gain.verdict}, {counted(gain.rounds, 'round')}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
