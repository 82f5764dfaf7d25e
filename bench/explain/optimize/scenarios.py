"""Record what each scenario imports at a revision: the project as recipes see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.core.crew import Crew, Job
from bench.core.errors import NothingMeasuredError
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.measure.invocations import (
    NotPresentError,
    NotServedError,
    Subject,
)
from bench.engine.revisions.git import Clone
from bench.engine.session.preparation import lane_count, network_of, subjects
from bench.engine.store.accounts import ACCOUNTS_FOLDER
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.checks.committed import CommittedFiles
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.optimize.project import Scenario
from bench.explain.patterns.census import take_census
from bench.explain.rank.candidates import Judgement
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import RankedImports, ScenarioTimes
from bench.explain.rank.recording import (
    Times,
    compile_recorder,
    record,
    take_times,
    take_top_level,
    time_bare,
)
from bench.formats.text import counted, seconds

_TIMEOUT_S = 300.0
_RUNS = 5
_TOP_RUNS = 2
_FEWEST = 3  # of what takes longer than this:
_SHORT_S = 0.15


@dataclass(frozen=True, kw_only=True)
class RecordedScenarios:
    """Scenarios as recorded, in the order asked for, and the project's own modules.

    `failed` are those that do not work at this revision, with the reason; `files` are installed
    modules → path from the root of the repository, of those that are there as they are in the
    commit.
    """

    scenarios: tuple[Scenario, ...]
    failed: Mapping[str, str]
    files: Mapping[Path, str]


@dataclass(kw_only=True)
class ScenarioRecorder:
    """Records the scenarios of one environment, several at once."""

    target: Target
    workspace: Workspace
    interpreter: Interpreter
    environment: Environment
    clone: Clone
    planned: Sequence[PlannedBenchmark]
    say: Callable[[str], None]
    phase: Callable[[str], None]
    lanes: int = 0
    _found: dict[str, Scenario] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self) -> RecordedScenarios:
        """All of them; raises `BenchError` when nothing can be recorded at all."""
        folders = own_folders(self.environment, own_packages(self.environment))
        if not folders:
            raise NothingMeasuredError(f"No own package of {self.target.name} is installed.")
        compile_recorder((self.environment.venv / "bin" / "python").resolve())
        files = own_files(self.clone, self.environment)
        self._record_all(folders, frozenset(map(str, files)))
        names = [one.declaration.name for one in self.planned]
        return RecordedScenarios(
            scenarios=tuple(self._found[name] for name in names if name in self._found),
            failed=self._failed,
            files=files,
        )

    def _record_all(self, folders: tuple[Path, ...], own: frozenset[str]) -> None:
        target, workspace = self.target, self.workspace
        both = Environments(self.environment, self.environment)
        cpus = measuring_cpus(describe_machine())
        lanes = min(lane_count(self.lanes, cpus), len(self.planned))
        with (
            network_of(target, self.planned, workspace) as network,
            subjects(
                target, self.planned, workspace, self.interpreter, both, network, lanes=lanes
            ) as sides,
            Crew(lanes) as crew,
        ):
            runner = Runner(network.isolation, _TIMEOUT_S)
            self.phase("timing a bare interpreter")
            bare, recorder_s = time_bare(runner, sides[0][0], _RUNS)
            self.phase(f"recording what {counted(len(self.planned), 'scenario')} import")

            def one(benchmark: Benchmark, lane: int) -> None:
                subject = sides[lane][0]
                asked = partial(_recorded, runner, benchmark, subject, folders, bare, recorder_s)
                self._note(benchmark, asked, own)

            jobs = [Job(do=partial(one, planned.declaration)) for planned in self.planned]
            for job in crew.run(jobs):
                if job.error is not None:
                    raise job.error

    def _note(
        self, benchmark: Benchmark, asked: Callable[[], Scenario], own: frozenset[str]
    ) -> None:
        """Keep what was recorded of a scenario, or why it was not, and say it."""
        try:
            scenario = asked()
        except (NotCountedError, NotPresentError, NotServedError) as error:
            with self._lock:
                self._failed[benchmark.name] = str(error)
            self.say(f"{benchmark.name}: left out, as it does not work here: {error}")
            return
        with self._lock:
            self._found[benchmark.name] = scenario
        imports = scenario.imports
        modules = imports.graph.recording.modules
        self.say(
            f"{benchmark.name}: {seconds(imports.timed.scenario.process_s)} of CPU time, "
            f"{counted(len(modules), 'module')}, {sum(one in own for one in modules.values())} of "
            "the project's own"
        )


def _recorded(
    runner: Runner,
    benchmark: Benchmark,
    subject: Subject,
    folders: tuple[Path, ...],
    bare: Times,
    recorder_s: float,
) -> Scenario:
    imports = _imports(runner, benchmark, subject, folders, bare, recorder_s)
    tops = frozenset(one.name.removesuffix(".py") for one in folders)
    census = None
    if not benchmark.rounds:
        with suppress(NotCountedError):  # a program can end in a way that tells nothing
            census = take_census(runner, benchmark, subject.invocation(benchmark), tops)
    counted = {
        one.name: one.most
        for one in (census.classes if census else ())
        if one.is_dataclass and not one.has_slots
    }
    return Scenario(benchmark=benchmark, imports=imports, instances=counted)


def stored_traces(workspace: Workspace, target: Target) -> tuple[Path, ...]:
    """The traces of a target that are kept, newest first."""
    found = (workspace.data / ACCOUNTS_FOLDER / target.name).rglob("*.json")
    return tuple(sorted(found, key=lambda one: one.stem.rpartition("-")[2], reverse=True))


def _imports(
    runner: Runner,
    benchmark: Benchmark,
    subject: Subject,
    folders: tuple[Path, ...],
    bare: Times,
    recorder_s: float,
) -> RankedImports:
    """What a scenario imports. Nothing is judged or chosen: recipes do, over all scenarios."""
    invocation = subject.invocation(benchmark)
    times = take_times(runner, benchmark, invocation, _FEWEST)
    if times.process_s < _SHORT_S:
        times = take_times(runner, benchmark, invocation, _RUNS)
    times = times.without(recorder_s)
    top = {} if benchmark.rounds else take_top_level(
        runner, benchmark, invocation, folders, _TOP_RUNS
    )  # fmt: skip
    return RankedImports(
        graph=Graph(record(runner, benchmark, invocation, folders), times.own_s, times.afterwards),
        judgement=Judgement((), ()),
        timed=ScenarioTimes(times, bare, top),
        sources={},
        best=(),
        worths=(),
    )


def own_files(clone: Clone, environment: Environment) -> dict[Path, str]:
    """The project's own modules as installed → path in the commit, where it has the same content.

    Others were made by the build, and are nobody's to change.
    """
    committed = CommittedFiles.of(clone, environment.record.revision.identity)
    found = {}
    for folder in own_folders(environment, own_packages(environment)):
        for file in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
            path = committed.path_of(file)
            if path:
                found[file] = path
    return found
