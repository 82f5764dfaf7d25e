"""Processes in environments of the sample project, counted."""

from __future__ import annotations

from pathlib import Path

from support.building import build_pair
from support.sandbox import Sandbox

from bench.core.target import Benchmark
from bench.engine.environments.clean import subject_environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.measure.client import Invocation
from bench.engine.measure.rounds import Sides
from bench.engine.sandbox.isolation import Isolation
from bench.explain.counters.running import Runner

OPEN = Isolation(network="open (a test)")


class Subjects:
    """Both sides of the sample project, and Python code run in them."""

    def __init__(self, environments: Environments, folder: Path) -> None:
        self.environments = environments
        self.folder = folder
        self.runner = Runner(OPEN, timeout_s=60)
        self.benchmark = Benchmark(name="code", command=("python", "-c", "…"))

    def python(self, code: str, side: str = "base") -> Invocation:
        """`python -c` on one side, in a home of its own."""
        venv = getattr(self.environments, side).venv
        home = self.folder / side
        home.mkdir(exist_ok=True)
        return Invocation(
            argv=(f"{venv}/bin/python", "-c", code),
            env=subject_environment(venv, home, {}),
            cwd=home,
        )

    def sides(self, name: str, base: str, head: str) -> Sides:
        """A benchmark that runs code on both sides."""
        benchmark = Benchmark(name=name, command=("sample", name))
        return Sides(benchmark, self.python(base), self.python(head, "head"))


def make_subjects(sandbox: Sandbox, interpreter: Interpreter, folder: Path) -> Subjects:
    """Two revisions that differ in a comment; `folder` is where homes are."""
    folder.mkdir()
    return Subjects(build_pair(sandbox, interpreter, "v1.0.0..v1.0.1"), folder)
