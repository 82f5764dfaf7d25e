"""What is measured is what was built, before and after: else the run is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.core.errors import BuildError, UnprovenError
from bench.core.sample import Side
from bench.core.target import Target
from bench.engine.environments.pair import Environments
from bench.engine.store.events import Refused
from bench.engine.store.run import Journal


def prove_both(environments: Environments, target: Target) -> None:
    """Prove that both environments still are what was built; raises `UnprovenError` if not."""
    for side in Side:
        try:
            environments.side(side).prove_again(target.env)
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
