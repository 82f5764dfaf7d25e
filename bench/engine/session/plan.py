"""What a run is asked for, looked up and checked before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.store.manifest import PlannedBenchmark


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One record from the command line to the last round.

    `repo` is the clone the user named (`--repo`), None for the target's own; `lanes` is how many
    cores are measured on at once, at most (0: on all). `quick`: the control takes few rounds.
    """

    target: Target
    pair: Pair
    options: Options
    benchmarks: tuple[PlannedBenchmark, ...]
    workspace: Workspace
    interpreters: tuple[Interpreter, ...] = ()
    repo: Path | None = None
    lanes: int = 0
    quick: bool = False
