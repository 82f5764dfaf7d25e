"""What one user's command spent its wall time on, run by run: traced, and kept under `data/`.

`data/stack/<target>/<pair>/py3.x/<machine>/<scenario>-<time>.json`, one file a trace. A page of a
user's operation (`results/stack/`) is made from these and from the runs of the other layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.core.revision import Pair
from bench.core.sample import Side
from bench.engine.store.documents import moment, read_documents, write_document

ACCOUNTS_FORMAT = 3  # 1 had no findings; 2 had findings in prose
ACCOUNTS_FOLDER = "stack"
NEW_CONNECTIONS = "connections"  # the rule that others than the trace read


class InChild(msgspec.Struct, frozen=True):
    """Seconds that the command waited for one layer of one kind of child process."""

    program: str
    layer: str
    seconds: float


class RunAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded run. `layers` add up to `wall_s`; `children` divide its layer `subprocess`.

    `counts` are requests, connections, processes, bytes and more, by their names (`trace/keep.py`).
    """

    side: Side
    wall_s: float
    layers: dict[str, float]
    children: tuple[InChild, ...] = ()
    counts: dict[str, int] = {}


class Saving(msgspec.Struct, frozen=True):
    """Wall seconds that a change would save where a round trip to the service takes so long."""

    round_trip_s: float
    seconds: float


class Instance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One of the things a finding counts: a request, a program, a module, a call.

    `other` is the earlier request it is compared with, or how it ended; `by` the function it came
    from; `at_s` is counted from the beginning of the run.
    """

    name: str
    other: str = ""
    by: str = ""
    at_s: float | None = None
    took_s: float | None = None
    count: int | None = None
    size: int | None = None


class KeptFinding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a rule found in the median run: its cost there, what it rests on, what to save.

    `rule` and `subject` tell it in other traces; `numbers` and `instances` are worded by pages
    (`explain/trace/findings/words.py`). `grounds` says whether savings are measured, computed or
    simulated. Until format 2 `title` and `evidence` were kept in place of numbers: Markdown.
    """

    side: Side
    rule: str
    subject: str
    cost_s: float
    savings: tuple[Saving, ...]
    grounds: str
    numbers: dict[str, float] = {}
    instances: tuple[Instance, ...] = ()
    title: str = ""
    evidence: tuple[str, ...] = ()


class StackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A trace of one scenario. `bare_s` are wall times of runs without the recorder, by side.

    `load` is the machine's load average when it began; not known until format 2.
    """

    format: int
    target: str
    scenario: str
    note: str
    pair: Pair
    python: str
    machine: Machine
    network: str
    started_at: str
    runs: tuple[RunAccount, ...]
    bare_s: dict[Side, tuple[float, ...]]
    findings: tuple[KeptFinding, ...] = ()
    load: float | None = None

    @property
    def label(self) -> str:
        """The pair's name; that of the revision where it was traced alone."""
        return self.pair.base.label if self.pair.is_same else self.pair.label

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        folder = Path(self.target, self.pair.label, f"py{self.python}", self.machine.name)
        return folder / f"{self.scenario}-{moment(self.started_at)}.json"

    def of(self, side: Side) -> tuple[RunAccount, ...]:
        """The runs of one side."""
        return tuple(one for one in self.runs if one.side is side)


def save_account(record: StackRecord, data: Path) -> Path:
    """Write a record; raises `DataError` when it can't be written."""
    return write_document(data / ACCOUNTS_FOLDER / record.place, record)


def read_accounts(data: Path) -> Iterator[StackRecord | DataError]:
    """All records, oldest first where several are of one thing; damaged ones as errors."""
    for _file, found in read_documents(data / ACCOUNTS_FOLDER, StackRecord, ACCOUNTS_FORMAT):
        yield found
