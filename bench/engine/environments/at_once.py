"""Build the environments of both sides for all Pythons at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from bench.core.crew import Crew, Job
from bench.core.errors import BenchError
from bench.core.sample import Side
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Dependencies, Environments


def build_all(
    builder: Builder, interpreters: Sequence[Interpreter]
) -> list[tuple[Interpreter, Environments | BenchError]]:
    """The environments for each Python, or why there are none.

    As many builds run at once as there are cores. A side that takes the other's third-party
    versions, or is made of the other, waits for that.
    """
    builds = _Builds(builder)
    at_once = builder.dependencies is Dependencies.OWN and not builder.head_follows_base
    with Crew(os.cpu_count() or 1) as crew:
        for jobs in (
            [partial(builds.side, side, one) for one in interpreters for side in Side if at_once],
            [partial(builds.both, one) for one in interpreters],
        ):
            for job in crew.run([Job(do=do) for do in jobs]):
                if job.error is not None:
                    raise job.error
    return [(one, builds.outcome(one)) for one in interpreters]


@dataclass(frozen=True)
class _Builds:
    """What was built, and the first that went wrong, by the version of Python."""

    builder: Builder
    found: dict[str, Environments] = field(default_factory=dict)
    problems: dict[str, BenchError] = field(default_factory=dict)

    def side(self, side: Side, interpreter: Interpreter, _worker: int) -> None:
        with self._noted(interpreter):
            self.builder.build_side(side, interpreter)

    def both(self, interpreter: Interpreter, _worker: int) -> None:
        if interpreter.version not in self.problems:
            with self._noted(interpreter):
                self.found[interpreter.version] = self.builder.build(interpreter)

    def outcome(self, interpreter: Interpreter) -> Environments | BenchError:
        return self.found.get(interpreter.version) or self.problems[interpreter.version]

    @contextmanager
    def _noted(self, interpreter: Interpreter) -> Iterator[None]:
        try:
            yield
        except BenchError as error:
            self.problems.setdefault(interpreter.version, error)
