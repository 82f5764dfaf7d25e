"""What is measured is what was built, before and after: else the run is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.core.crew import at_once
from bench.core.errors import BuildError, UnprovenError
from bench.core.sample import Side
from bench.core.workspace import Workspace
from bench.engine.environments.bytecode import NO_LIBRARY
from bench.engine.environments.interpreters import InterpreterFacts
from bench.engine.environments.inventory import differences, statuses
from bench.engine.environments.pair import Environments
from bench.engine.store.events import Refused
from bench.engine.store.run import Journal


@dataclass
class PairProof:
    """Both environments and their interpreter's standard library are what they were."""

    environments: Environments
    facts: InterpreterFacts

    def __post_init__(self) -> None:
        self._library = statuses(Path(self.facts.library), NO_LIBRARY)

    def begin(self, own: dict[str, str], workspace: Workspace) -> None:
        """Prove it before measuring, imports included; raises `UnprovenError`."""
        _at_once(
            [partial(self.environments.side(side).prove_again, own, workspace) for side in Side]
        )

    def hold(self) -> None:
        """Prove that nothing has changed since; raises `UnprovenError` if something has."""
        _at_once([self.environments.side(side).check_unchanged for side in Side])
        now = statuses(Path(self.facts.library), NO_LIBRARY)
        changes = differences(self._library, now)
        if changes:
            raise UnprovenError(
                f"The standard library of {self.facts.executable} has changed since the session "
                f"began: {changes}.",
                "Something wrote there, perhaps another program of that Python.",
            )


def _at_once(proofs: Sequence[Callable[[], None]]) -> None:
    """Both sides at once; raises `UnprovenError` for the first that is not what it was."""
    try:
        at_once(proofs, len(proofs))
    except BuildError as error:
        raise UnprovenError(error.message, error.hint) from error


@contextmanager
def refused_if_unproven(journal: Journal) -> Iterator[None]:
    """Close a run as refused when its environments are not what was built."""
    try:
        yield
    except UnprovenError as error:
        journal.write(Refused(time.time(), error.message))
        error.hint = f"This run counts for nothing and is not resumed. {error.hint}"
        raise
