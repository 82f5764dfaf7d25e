"""Predictions at commits that deferred imports: which commits, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.errors import DataError, UsageError
from bench.core.machine import Machine
from bench.core.revision import Revision
from bench.core.target import NonEmpty
from bench.engine.store.documents import moment, read_documents, write_document
from bench.explain.rank.analysis import Check

FORMAT = 1
FOLDER = "accuracy"
COMMITS = Path(__file__).with_name("commits.toml")


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Commits of one project, each with the scenario that it is looked at with.

    `repository` is cloned to `repos/<clone>` where the history is not the target's own.
    """

    target: NonEmpty
    commits: dict[NonEmpty, NonEmpty]
    repository: str = ""
    clone: str = ""


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of histories."""

    history: tuple[History, ...]


@dataclass(frozen=True)
class Commit:
    """One commit of a history, and the name of its scenario."""

    history: History
    name: str
    scenario: str


class Held(msgspec.Struct, frozen=True):
    """What was predicted at a commit's parent, and what came true there.

    `statements` are those of its own that the commit took away (`file:line`), `deferrable` those of
    them that the tool would defer too; `commit_check` defers these (None where there are none),
    `best_check` the tool's own set (None where it finds nothing). `instructions` are what the
    commit itself saved, everything in it included; None where they can't be counted.
    """

    format: int
    target: str
    repository: str
    commit: Revision
    parent: Revision
    scenario: str
    python: str
    made_at: str
    machine: Machine
    exact: bool
    statements: tuple[str, ...]
    deferrable: tuple[str, ...]
    commit_check: Check | None
    best_check: Check | None
    instructions: int | None
    problems: tuple[str, ...] = ()


def load_commits(file: Path) -> tuple[Commit, ...]:
    """Read a file of histories; raises `UsageError` naming it and what is wrong."""
    try:
        declared = msgspec.toml.decode(file.read_bytes(), type=Declared)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{file}: {error}") from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error
    return tuple(
        Commit(history, name, scenario)
        for history in declared.history
        for name, scenario in history.commits.items()
    )


def store(held: Held, data: Path) -> Path:
    """Write it under `data/`, beside earlier ones; raises `DataError`."""
    folder = data / FOLDER / held.target / f"py{held.python}"
    name = f"{held.commit.label}-{held.scenario}-{moment(held.made_at)}.json"
    return write_document(folder / name, held)


def read_held(data: Path) -> Iterator[tuple[Path, Held | DataError]]:
    """All that is stored, the newest of a commit last; damaged ones as errors."""
    return read_documents(data / FOLDER, "*/py*/*.json", Held)
