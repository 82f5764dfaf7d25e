"""Predictions at commits that deferred imports: which commits, and what was measured at each."""

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
from bench.explain.rank.ranking import Verification

FORMAT = 2
FOLDER = "accuracy"
COMMITS = Path(__file__).with_name("commits.toml")


class CommitHistory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Commits of one project, each with the scenario that it is looked at with.

    `revisions` are such as deferred nothing: what `rank` would defer there is held against
    itself. `repository` is cloned to `repos/<clone>` where the history is not the target's own.
    """

    target: NonEmpty
    commits: dict[NonEmpty, NonEmpty] = {}
    revisions: dict[NonEmpty, NonEmpty] = {}
    repository: str = ""
    clone: str = ""


class DeclaredHistories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of histories."""

    history: tuple[CommitHistory, ...]


@dataclass(frozen=True)
class DeferringCommit:
    """One commit of a history, and the name of its scenario.

    `deferred` is false of a revision that is looked at by itself.
    """

    history: CommitHistory
    name: str
    scenario: str
    deferred: bool = True

    @property
    def range(self) -> str:
        """Where is predicted, and what it is compared with."""
        return f"{self.name}^..{self.name}" if self.deferred else f"{self.name}..{self.name}"


class AccuracyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was predicted at a commit's parent, and what was measured there.

    `statements` are the imports that the commit removed or moved (`file:line`), `deferrable` those
    of them that `rank` can defer; `commit_check` defers these (None where there are none),
    `best_check` the set that `rank` finds (None where it finds nothing). `instructions` are what
    the commit itself saved, all its changes included; None where they can't be counted. `parts`
    are single statements of the best set at a revision that is looked at by itself: there `commit`
    is `parent`.
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
    statements: tuple[str, ...]
    deferrable: tuple[str, ...]
    commit_check: Verification | None
    best_check: Verification | None
    instructions: int | None
    problems: tuple[str, ...] = ()
    parts: tuple[Verification, ...] = ()

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        name = f"{self.commit.label}-{self.scenario}-{moment(self.made_at)}.json"
        return Path(self.target, f"py{self.python}", name)


def load_commits(file: Path) -> tuple[DeferringCommit, ...]:
    """Read a file of histories; raises `UsageError` naming it and what is wrong."""
    try:
        declared = msgspec.toml.decode(file.read_bytes(), type=DeclaredHistories)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{file}: {error}") from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error
    return tuple(
        DeferringCommit(history, name, scenario, deferred)
        for history in declared.history
        for named, deferred in ((history.commits, True), (history.revisions, False))
        for name, scenario in named.items()
    )


def store(record: AccuracyRecord, data: Path) -> Path:
    """Write it under `data/`, beside earlier ones; raises `DataError`."""
    return write_document(data / FOLDER / record.place, record)


def read_accuracy(data: Path) -> Iterator[tuple[Path, AccuracyRecord | DataError]]:
    """All that is stored, the newest of a commit last; damaged ones as errors."""
    return read_documents(data / FOLDER, AccuracyRecord, FORMAT)
