"""The revision that is optimised, as recipes see it: sources, scenarios, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.target import Benchmark, Target
from bench.engine.environments.build import Environment
from bench.engine.revisions.git import Clone
from bench.explain.rank.ranked_imports import RankedImports
from bench.explain.rank.rewriting.wanted import Form

__all__ = ["Form", "Project", "Scenario"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command or import of the target that should become faster.

    `imports` is what it imports at this revision: the graph with times, and the candidates.
    `instances` are the project's own dataclasses without slots: the most that were there at once.
    """

    benchmark: Benchmark
    imports: RankedImports
    instances: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Project:
    """One revision of a target on one Python.

    `commit` is in `clone`; `files` are the project's own modules as installed → path from the root
    of the repository. `least` is the share of a scenario's time that is worth a commit.
    """

    target: Target
    clone: Clone
    commit: str
    python: str
    environment: Environment
    scenarios: tuple[Scenario, ...]
    files: Mapping[Path, str]
    form: Form = Form.FUNCTION
    least: float = 0.01
    traces: tuple[Path, ...] = field(default=())  # stored traces of this target, newest first
