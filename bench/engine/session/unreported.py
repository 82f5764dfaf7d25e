"""Complete runs that no command has shown yet: it was killed, or stopped, before it had.

`<cache>/unreported/` holds an empty file a run, named by its id. It is made when the run is opened
and removed when its command has written and shown everything. The same command takes up such a run
and measures nothing again; after that it is a second measurement.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.core.errors import DataError
from bench.core.workspace import Workspace
from bench.engine.environments.pair import Environments
from bench.engine.session.plan import Plan
from bench.engine.store.run import Run, read_placed


def mark_unreported(workspace: Workspace, run: Run) -> None:
    """Note that a run has still to be shown."""
    marks = _marks(workspace)
    marks.mkdir(parents=True, exist_ok=True)
    (marks / run.manifest.run_id).touch()


def mark_reported(workspace: Workspace, runs: Iterable[Run]) -> None:
    """Note that runs have been shown; with them older ones of the same pair are out of date."""
    for run in runs:
        for mark in _marks(workspace).glob("*"):
            if mark.name <= run.manifest.run_id and (run.folder.parent / mark.name).is_dir():
                mark.unlink(missing_ok=True)


def unreported_run(plan: Plan, folder: Path, environments: Environments) -> Run | None:
    """The complete run in a pair's folder that the same command has not shown yet."""
    wanted = (
        plan.options, plan.benchmarks, environments.base.record.key, environments.head.record.key,
    )  # fmt: skip
    for mark in sorted(_marks(plan.workspace).glob("*"), reverse=True):
        try:
            run = read_placed(folder / mark.name)
        except DataError:  # of another pair, mostly
            continue
        told = run.manifest
        found = told.options, told.benchmarks, told.base.key, told.head.key
        if run.is_complete and found == wanted:
            return run
    return None


def _marks(workspace: Workspace) -> Path:
    return workspace.cache / "unreported"
