"""Record what each scenario imports at a revision: the project as recipes see it."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.core.crew import Crew, Job
from bench.core.errors import NothingMeasuredError
from bench.core.target import Benchmark, Target
from bench.core.variants import numbers
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.measure.invocations import (
    NotPresentError,
    NotServedError,
    Subject,
    control_benchmark,
)
from bench.engine.revisions.git import Clone
from bench.engine.session.preparation import lane_count, network_of, subjects
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.optimize.project import Scenario
from bench.explain.rank.candidates import judge_imports
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import RankedImports, ScenarioTimes
from bench.explain.rank.recording import (
    Times,
    compile_recorder,
    record,
    take_times,
    take_top_level,
)
from bench.explain.rank.sources import ModuleSource, read_package

_TIMEOUT_S = 300.0
_RUNS = 5
_TOP_RUNS = 2
_LAZY_ANNOTATIONS = (3, 14)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Scenarios as recorded, in the order asked for, and the project's own modules.

    `failed` are those that do not work at this revision, with the reason; `files` are installed
    modules → path from the root of the repository, of those that are there as they are in the
    commit; `unreadable` are modules that no parser takes.
    """

    scenarios: tuple[Scenario, ...]
    failed: Mapping[str, str]
    files: Mapping[Path, str]
    unreadable: Mapping[str, str]


@dataclass(kw_only=True)
class Recorder:
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
    _unreadable: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self) -> Recorded:
        """All of them; raises `BenchError` when nothing can be recorded at all."""
        own = own_packages(self.environment)
        folders = own_folders(self.environment, own)
        if not folders:
            raise NothingMeasuredError(f"No own package of {self.target.name} is installed.")
        python = (self.environment.venv / "bin" / "python").resolve()
        compile_recorder(python)
        self._record_all(folders)
        return Recorded(
            scenarios=tuple(
                self._found[name]
                for one in self.planned
                if (name := one.declaration.name) in self._found
            ),
            failed=self._failed,
            files=own_files(self.clone, self.environment),
            unreadable=self._unreadable,
        )

    def _record_all(self, folders: tuple[Path, ...]) -> None:
        target, workspace = self.target, self.workspace
        both = Environments(self.environment, self.environment)
        cpus = len(measuring_cpus(describe_machine()))
        lanes = min(lane_count(self.lanes, tuple(range(cpus))), len(self.planned))
        with (
            network_of(target, self.planned, workspace) as network,
            subjects(
                target, self.planned, workspace, self.interpreter, both, network, lanes=lanes
            ) as sides,
            Crew(lanes) as crew,
        ):
            runner = Runner(network.isolation, _TIMEOUT_S)
            first = sides[0][0]
            control = control_benchmark()
            self.phase("timing a bare interpreter")
            bare = take_times(runner, control, first.invocation(control), _RUNS)
            self.phase(f"recording what {len(self.planned)} scenarios import")
            jobs = [
                Job(
                    do=partial(
                        self._one, one.declaration, [base for base, _ in sides], runner, bare, own
                    )
                )
                for one in self.planned
            ]
            for job in crew.run(jobs):
                if job.error is not None:
                    raise job.error

    def _one(
        self,
        benchmark: Benchmark,
        subjects_: Sequence[Subject],
        runner: Runner,
        bare: Times,
        own: _Own,
        lane: int,
    ) -> None:
        try:
            imports = self._imports(benchmark, subjects_[lane], runner, bare, own)
        except (NotCountedError, NotPresentError, NotServedError) as error:
            with self._lock:
                self._failed[benchmark.name] = str(error)
            self.say(f"{benchmark.name}: left out, as it does not work here: {error}")
            return
        with self._lock:
            self._found[benchmark.name] = Scenario(benchmark=benchmark, imports=imports)
        modules = len(imports.graph.modules)
        self.say(
            f"{benchmark.name}: {imports.timed.scenario.process_s * 1e3:.0f} ms of CPU time, "
            f"{modules} modules, {len(imports.sources)} of the project's own"
        )

    def _imports(
        self, benchmark: Benchmark, subject: Subject, runner: Runner, bare: Times, own: _Own
    ) -> RankedImports:
        invocation = subject.invocation(benchmark)
        times = take_times(runner, benchmark, invocation, _RUNS)
        top = take_top_level(runner, benchmark, invocation, own.folders, _TOP_RUNS)
        graph = Graph(record(runner, benchmark, invocation, own.folders), times.own_s)
        imported = {
            name: own.sources[Path(file)]
            for name, file in graph.recording.modules.items()
            if name.partition(".")[0] in own.packages and Path(file) in own.sources
        }
        judgement = judge_imports(
            graph,
            imported,
            list(own.sources.values()),
            lazy=numbers(self.environment.record.provenance.python) >= _LAZY_ANNOTATIONS,
        )
        return RankedImports(
            graph=graph,
            judgement=judgement,
            timed=ScenarioTimes(times, bare, top),
            sources=imported,
            best=(),  # sets are chosen over all scenarios, by the recipes
            worths=(),
        )

    def _note_unreadable(self, file: Path, why: str) -> None:
        self._unreadable[str(file)] = why


@dataclass(frozen=True)
class _Own:
    """The project's own top-level packages, where they lie, and their modules by file."""

    packages: frozenset[str]
    folders: tuple[Path, ...]
    sources: Mapping[Path, ModuleSource]


def own_files(clone: Clone, environment: Environment) -> dict[Path, str]:
    """The project's own modules as installed → path in the commit, where it has the same content.

    Others were made by the build, and are nobody's to change. Of several files with one content
    the one whose path ends like the installed one's is it.
    """
    by_blob: dict[str, list[str]] = {}
    for path, blob in clone.tree(environment.record.revision.identity).items():
        by_blob.setdefault(blob, []).append(path)
    found = {}
    for folder in own_folders(environment, own_packages(environment)):
        for file in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
            paths = by_blob.get(_blob(file.read_bytes()), [])
            same_name = [path for path in paths if path.rpartition("/")[2] == file.name]
            if same_name:
                found[file] = max(same_name, key=partial(_likeness, file))
    return found


def _blob(content: bytes) -> str:
    """As git names it."""
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _likeness(file: Path, path: str) -> tuple[int, int]:
    """How many parts of two paths are the same, from their ends; of equals the shorter path."""
    pairs = zip(reversed(file.parts), reversed(path.split("/")), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)), -len(path)
