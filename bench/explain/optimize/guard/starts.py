"""Starts of a revision's scenarios, recorded: what they import, and which statements ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.revision import Pair
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Environments
from bench.engine.measure.invocations import (
    NotPresentError,
    NotServedError,
    Subject,
    control_benchmark,
)
from bench.engine.measure.network import Network
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank.recording import Recording, compile_recorder, record
from bench.explain.rank.sources import ModuleSource, read_package

_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Starts:
    """A revision on one Python, ready to be started."""

    environment: Environment
    subject: Subject
    network: Network

    def recorded(self, benchmark: Benchmark) -> Recording:
        """Run once; raises `NothingMeasuredError` where it cannot be."""
        try:
            invocation = self.subject.invocation(benchmark)
            runner = Runner(self.network.isolation, _TIMEOUT_S)
            return record(runner, benchmark, invocation, self._folders)
        except (NotPresentError, NotServedError, NotCountedError) as error:
            raise NothingMeasuredError(f"{benchmark.name}: {error}") from error

    def run_text(self, text: str) -> None:
        """Run a program in the environment, as a scenario; raises `NotCountedError` if it fails."""
        control = control_benchmark()
        invocation = self.subject.invocation(control)
        program = replace(invocation, argv=(*invocation.argv[:1], "-c", text))
        Runner(self.network.isolation, _TIMEOUT_S).run(control, program)

    def sources(self) -> list[ModuleSource]:
        """The project's own modules; what can't be read is left out."""
        python = (self.environment.venv / "bin" / "python").resolve()
        return [
            source
            for folder in self._folders
            for source in read_package(folder, python, lambda _file, _why: None)
        ]

    @property
    def _folders(self) -> tuple[Path, ...]:
        return own_folders(self.environment, own_packages(self.environment))


@contextmanager
def starts_of(
    target: Target,
    pair: Pair,
    planned: Sequence[PlannedBenchmark],
    interpreter: Interpreter,
    workspace: Workspace,
    watcher: Watcher,
    repo: Path | None = None,
    date: str = "",
) -> Iterator[Starts]:
    """Install the revision that is both sides of the pair; raises `BenchError`.

    `date` is the day after which no package is taken; by default it follows from the revision.
    """
    environment = Builder(
        target=target, pair=pair, workspace=workspace, announce=watcher.say, repo=repo, date=date
    ).build_one(interpreter)
    environment.prove_again(target.env, workspace)
    compile_recorder((environment.venv / "bin" / "python").resolve())
    both = Environments(environment, environment)
    with (
        network_of(target, tuple(planned), workspace) as network,
        subjects(target, tuple(planned), workspace, interpreter, both, network) as ((subject, _),),
    ):
        yield Starts(environment, subject, network)
