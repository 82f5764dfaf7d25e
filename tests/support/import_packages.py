"""Small packages on disk, run and analysed as a revision's own package would be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.engine.sandbox.isolation import Isolation
from bench.explain.counters.running import Runner
from bench.explain.rank.candidates import Candidate, Judgement, judge_imports
from bench.explain.rank.graph import Graph
from bench.explain.rank.recording import Recording, record
from bench.explain.rank.sources import ModuleSource

RUNNER = Runner(Isolation(network="open"), timeout_s=60)


@dataclass(frozen=True)
class Package:
    """Modules of one package and of others beside it; `statement` is the scenario."""

    folder: Path
    statement: str

    @property
    def invocation(self) -> Invocation:
        return self.invocation_of(sys.executable)

    def invocation_of(self, python: str | Path) -> Invocation:
        """The scenario in another interpreter."""
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}
        return Invocation(argv=(str(python), "-c", self.statement), env=env, cwd=self.folder)

    @property
    def benchmark(self) -> Benchmark:
        return Benchmark(name="scenario", statement=self.statement)

    def record(self, python: str | Path = sys.executable) -> Recording:
        return record(RUNNER, self.benchmark, self.invocation_of(python), [self.folder / "own"])

    def sources(self) -> dict[str, ModuleSource]:
        found = {}
        for file in sorted((self.folder / "own").rglob("*.py")):
            parts = file.relative_to(self.folder).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = ModuleSource.parse(name, file)
        return found

    def analyse(self) -> tuple[Graph, Judgement]:
        """The graph, where each module costs 1, and what can be deferred."""
        recording = self.record()
        graph = Graph(recording, dict.fromkeys(recording.modules, 1.0))
        sources = self.sources()
        lazy = sys.version_info >= (3, 14)
        return graph, judge_imports(graph, sources, list(sources.values()), lazy=lazy)

    def modules(self) -> frozenset[str]:
        """What a plain run has imported at its end, of the modules under the folder."""
        told = subprocess.run(
            [sys.executable, "-c", f"{self.statement}\nimport sys\nprint(*sys.modules)"],
            env=self.invocation.env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        tops = {path.stem for path in self.folder.iterdir()}
        return frozenset(name for name in told.stdout.split() if name.partition(".")[0] in tops)


def write_package(folder: Path, files: Mapping[str, str], statement: str) -> Package:
    """`own/` is the project's package; all else belongs to others."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Package(folder, statement)


def by_name(judgement: Judgement) -> dict[str, Candidate]:
    """Candidates by each name that they bind."""
    return {one.name.bound: found for found in judgement.candidates for one in found.deferrals}


def reasons(judgement: Judgement) -> dict[str, str]:
    """Why names cannot be deferred."""
    return {one.name: one.reason for one in judgement.kept}
