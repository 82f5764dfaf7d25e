"""Build revisions of a range and observe their scenarios: several at once, each once."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from bench.core.crew import Crew, Job
from bench.core.errors import BuildError
from bench.core.target import Benchmark
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.environments.refusals import in_one_line
from bench.engine.measure.invocations import NotPresentError, NotServedError, Subject
from bench.engine.measure.network import Network
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.watcher import Watcher
from bench.explain.attribute.reach import Reads
from bench.explain.attribute.reads import take_reads
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.scenarios import count_work, processes_counted
from bench.explain.counters.instructions import InstructionCounter, find_instruction_counter
from bench.explain.counters.running import NotCountedError, Runner, one_run

_TIMEOUT_S = 300.0
_NOT_HERE = (NotCountedError, NotPresentError, NotServedError)


@dataclass(kw_only=True)
class Observatory:
    """The revisions of a range on one Python: what each scenario reads there, and what it executes.

    `failed` says of (index, scenario) why nothing is known (*does not work: …*), `unbuilt` has the
    indexes at which nothing could be installed. `processes` are counted by scenario: all that were
    started to observe it or to count its work.
    """

    request: AttributeRequest
    interpreter: Interpreter
    watcher: Watcher
    network: Network
    crew: Crew
    failed: dict[tuple[int, str], str] = field(default_factory=dict)
    unbuilt: set[int] = field(default_factory=set)
    processes: dict[str, int] = field(default_factory=dict)
    _reads: dict[tuple[int, str], Reads] = field(default_factory=dict)
    _work: dict[tuple[int, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def opened(
        cls, request: AttributeRequest, interpreter: Interpreter, watcher: Watcher
    ) -> Iterator[Observatory]:
        """One with workers, as many as there are cores."""
        size = len(os.sched_getaffinity(0))
        with (
            network_of(request.target, request.planned, request.workspace) as network,
            Crew(size) as crew,
        ):
            yield cls(
                request=request,
                interpreter=interpreter,
                watcher=watcher,
                network=network,
                crew=crew,
            )

    def observe(self, indexes: Iterable[int]) -> None:
        """Build these revisions and observe all scenarios there; raises what is no failure."""
        missing = [one for one in indexes if (one, self._names[0]) not in self._known]
        self._run([Job(do=partial(self._observe, index)) for index in missing])

    def reads(self, index: int, scenario: str) -> Reads | None:
        """What a scenario reads at a revision; None where it is not there or does not work."""
        self.observe([index])
        return self._reads.get((index, scenario))

    def works(self, index: int, scenario: str) -> bool | None:
        """Whether a scenario works at a revision; None where that could not be installed."""
        found = self.reads(index, scenario)
        return None if index in self.unbuilt else found is not None

    def unbuilt_of(self, scenario: str) -> tuple[int, ...]:
        """The states that were tried for it, where none could be installed; else nothing."""
        tried = {index for index, name in self._known if name == scenario}
        return tuple(sorted(tried)) if tried <= self.unbuilt else ()

    def count(
        self,
        places: Collection[tuple[int, str]],
        known: Mapping[tuple[int, str], float],
        tell: Callable[[int, str, float], None],
    ) -> None:
        """Count instructions at revisions that were observed, where this machine can.

        What is `known` is not counted again; `tell` hears of each new count, one at a time.
        """
        counted = {one.declaration.name: processes_counted(one.declaration)
                   for one in self.request.planned}  # fmt: skip
        for place in {*places} & known.keys():
            self._work[place] = known[place]
            self._started(place[1], counted[place[1]])
        places = {*places} - known.keys()
        if not places:
            return
        try:
            counter = find_instruction_counter()
        except NotCountedError as error:
            self.watcher.say(f"instructions are not counted: {error}")
            return
        self.watcher.phase(f"counting instructions at {len(places)} states")
        by_index: dict[int, list[str]] = {}
        for index, scenario in sorted(places):
            by_index.setdefault(index, []).append(scenario)
        self._run([Job(do=partial(self._count, counter, tell, *one)) for one in by_index.items()])

    def work(self, index: int, scenario: str) -> float | None:
        """ln of the instructions, None where they could not be counted."""
        return self._work.get((index, scenario))

    @property
    def _names(self) -> list[str]:
        return [one.declaration.name for one in self.request.planned]

    @property
    def _known(self) -> set[tuple[int, str]]:
        return {*self._reads, *self.failed}

    def _run(self, jobs: list[Job]) -> None:
        for job in self.crew.run(jobs):
            if job.error is not None:
                raise job.error

    def _observe(self, index: int, _worker: int) -> None:
        try:
            with self._subject(index) as subject:
                for planned in self.request.planned:
                    self._take(index, planned.declaration, subject)
        except BuildError as error:
            label = self.request.revisions[index].label
            reason = f"cannot be installed: {in_one_line(error.message)}"
            self.watcher.say(f"{label} is stepped around: {reason}")
            with self._lock:
                self.unbuilt.add(index)
                self.failed |= {(index, name): reason for name in self._names}

    def _take(self, index: int, benchmark: Benchmark, subject: Subject) -> None:
        key = index, benchmark.name
        self._started(benchmark.name)
        try:
            subject.check_present(benchmark)
            found = take_reads(
                Runner(self.network.isolation, _TIMEOUT_S),
                benchmark,
                one_run(subject, benchmark),
                subject.environment,
                self.request.clone,
            )
        except _NOT_HERE as error:
            with self._lock:
                self.failed[key] = f"does not work: {error}"
            return
        with self._lock:
            self._reads[key] = found

    def _count(
        self,
        counter: InstructionCounter,
        tell: Callable[[int, str, float], None],
        index: int,
        scenarios: Collection[str],
        _worker: int,
    ) -> None:
        runner = Runner(self.network.isolation, _TIMEOUT_S)
        with self._subject(index) as subject:
            for planned in self.request.planned:
                benchmark = planned.declaration
                if benchmark.name not in scenarios:
                    continue
                self._started(benchmark.name, processes_counted(benchmark))
                try:
                    work = math.log(count_work(counter, runner, subject, benchmark))
                except NotCountedError as error:
                    label = self.request.revisions[index].label
                    self.watcher.say(f"{label}, {benchmark.name}: not counted: {error}")
                    continue
                with self._lock:
                    self._work[index, benchmark.name] = work
                    tell(index, benchmark.name, work)

    def _started(self, scenario: str, processes: int = 1) -> None:
        with self._lock:
            self.processes[scenario] = self.processes.get(scenario, 0) + processes

    @contextmanager
    def _subject(self, index: int) -> Iterator[Subject]:
        """A revision, built, with a home of its own; raises `BuildError`."""
        request = self.request
        built = request.builder(index, self.watcher).build_one(self.interpreter)
        with subjects(
            request.target,
            request.planned,
            request.workspace,
            self.interpreter,
            Environments(built, built),
            self.network,
            repo=request.repo,
        ) as sides:
            yield sides[0][0]
