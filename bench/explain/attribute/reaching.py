"""From the ends of a range to which of its commits can matter to each scenario."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.core.errors import BenchError, BuildError, NothingMeasuredError
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
from bench.explain.attribute.record import CountRecord, ReachRecord
from bench.explain.attribute.request import AttributeRequest
from bench.explain.rank.recording import compile_recorder
from bench.formats.text import counted, joined


@dataclass(frozen=True, kw_only=True)
class Reaching:
    """Builds and observes a range; `counting`: whether the instructions of its states count.

    `known` are counts by index and scenario that need not be made again; `tell` hears of new ones
    as they are made, in any thread, one at a time.
    """

    request: AttributeRequest
    watcher: Watcher
    counting: bool = True
    known: Mapping[tuple[int, str], float] = field(default_factory=dict)
    tell: Callable[[CountRecord], None] = lambda _record: None

    def reach(self, interpreter: Interpreter, names: Sequence[str]) -> list[ReachRecord]:
        """Which commits can matter to each of these scenarios on a Python, in their order."""
        version = interpreter.version
        self.watcher.phase(f"observing both ends on Python {version}")
        with Observatory.opened(self.request, interpreter, self.watcher) as observatory:
            found = {
                name: self._candidates(observatory, name, life)
                for name, life in self._lives(observatory, names).items()
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
            if self.counting:
                self._count(found, observatory, interpreter)
            return [
                _record(name, version, found[name], observatory)
                if name in found
                else ReachRecord(
                    scenario=name,
                    python=version,
                    failure=self._why(observatory, name),
                    unbuilt=observatory.unbuilt_of(name),
                )
                for name in names
            ]

    def _count(
        self,
        found: Mapping[str, Candidates],
        observatory: Observatory,
        interpreter: Interpreter,
    ) -> None:
        """Count the instructions of all states, where there is more than one step."""
        places = {
            (state.index, name)
            for name, one in found.items()
            if len(one.steps) > 1
            for state in one.states
        }
        if places:
            self._compile(interpreter)
            observatory.count(
                places,
                self.known,
                lambda index, name, work: self.tell(
                    CountRecord(scenario=name, python=interpreter.version, index=index, work=work)
                ),
            )

    def _compile(self, interpreter: Interpreter) -> None:
        built = self.request.builder(0, self.watcher).build_one(interpreter)
        compile_recorder((built.venv / "bin" / "python").resolve())

    def _lives(self, observatory: Observatory, names: Sequence[str]) -> dict[str, Life]:
        """Where each scenario works; what it reads at both ends tells what to build ahead."""
        commits = self.request.commits
        observatory.observe([0, len(commits)])
        lives, ahead = dict[str, Life](), set[int]()
        for name in names:
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
        told: dict[str, list[str]] = {}
        for index in ends:
            reason = one_line(observatory.failed[index, name])
            told.setdefault(reason, []).append(self.request.revisions[index].label)
        words = "; ".join(f"{reason} (at {joined(labels)})" for reason, labels in told.items())
        between = sum(scenario == name for _, scenario in observatory.failed) - len(ends)
        return f"{words}; nor at {between} between" if between else words


def every_commit(scenario: str, python: str, commits: int) -> ReachRecord:
    """With no proof: each commit is a candidate, and nothing is known of any."""
    numbers = range(1, commits + 1)
    return ReachRecord(
        scenario=scenario,
        python=python,
        states=(0, *numbers),
        steps=tuple((number,) for number in numbers),
        work=(None,) * (commits + 1),
        modules=((0, 0),) * commits,
    )


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
        outside={index: one_line(observatory.failed[index, name]) for index in around},
        processes=observatory.processes.get(name, 0),
        unbuilt=tuple(index for index in around if index in observatory.unbuilt),
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


def nothing_works(found: Iterable[ReachRecord]) -> BenchError:
    """What is told where no scenario works anywhere that was tried."""
    found = list(found)
    if all(one.unbuilt for one in found):
        return BuildError(
            f"No commit of the range that was tried can be installed: it {found[0].failure}.",
            "Choose a range whose ends can be installed on this machine, or another --python.",
        )
    reasons = "; ".join(f"{one.scenario} {one.failure}" for one in found)
    return NothingMeasuredError(f"No scenario works anywhere in the range: {reasons}.")


def one_line(text: str) -> str:
    """A text without its line ends."""
    return " ".join(text.split())
