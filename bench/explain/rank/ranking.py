"""What was found in one scenario: stored under `data/rank`, shown under `results/rank`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.core.environment import EnvironmentRecord
from bench.core.errors import DataError
from bench.core.gate import Gate
from bench.core.machine import Machine
from bench.core.target import Benchmark
from bench.core.verdict import Interval
from bench.engine.store.documents import moment, read_documents, write_document

FORMAT = 2
FOLDER = "rank"
_FOLDER_OF_FORMAT_1 = "targets"


class Opportunity(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of the best set. Times are CPU seconds saved, as predicted.

    `alone_s`: when only this one is deferred; `leave_one_out_s`: what is lost when only this one is
    not; `share_s`: its Shapley share of the set's saving; `cumulative_s` is what `-X importtime`
    shows for what it imports. `change` says what to write, `risks` what could break, `ruff` the
    rules that agree.
    """

    module: str
    file: str
    line: int
    names: tuple[str, ...]
    whole: bool
    alone_s: float
    leave_one_out_s: float = msgspec.field(name="last_s")
    share_s: float
    cumulative_s: float
    change: str
    risks: tuple[str, ...]
    ruff: tuple[str, ...]


class PackageCost(msgspec.Struct, frozen=True, kw_only=True):
    """A package that costs something, and the fewest own statements that import it.

    `cut` is empty where no own statements suffice; `saving_s` is what deferring them saves;
    `deferrable` says whether all of the cut can be deferred.
    """

    name: str
    is_own: bool
    modules: int
    own_s: float
    cut: tuple[str, ...]
    saving_s: float
    deferrable: bool


class NotDeferrable(msgspec.Struct, frozen=True, kw_only=True):
    """A name that cannot be deferred, though its import costs something; the line that says why."""

    file: str
    line: int
    name: str
    reason: str
    use_line: int
    saving_s: float


class TopLevelWork(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that runs when its module is imported, and its CPU seconds.

    `removed`: the best set defers the whole module; `advice` is what to try otherwise.
    """

    file: str
    line: int
    kind: str
    advice: str
    cost_s: float
    removed: bool = msgspec.field(name="goes")


class RuffHint(msgspec.Struct, frozen=True):
    """What ruff says of a line."""

    line: int
    rule: str
    message: str


class HotFunction(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A function in sampled stacks: CPU seconds by itself, and with all that it calls.

    `file` and `hints` are of the project's own functions: ruff's findings on performance in them.
    """

    name: str
    module: str
    package: str
    own_s: float
    whole_s: float
    file: str = ""
    hints: tuple[RuffHint, ...] = ()


class Pattern(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A cause of slowness besides imports, or (`pays` false) one that is not worth changing.

    `cost_s` is CPU time in the scenario, `cost_bytes` memory at its peak; `saving_*` are estimates,
    None where there is no ground for one; `backed_by` says what they rest on.
    """

    kind: str
    where: str
    evidence: str
    change: str
    backed_by: str
    cost_s: float = 0.0
    saving_s: float | None = None
    cost_bytes: int = 0
    saving_bytes: int | None = None
    pays: bool = True


class Verification(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A prediction held against a rewritten copy that was run. Times in CPU seconds.

    `saving_s` is what its modules take in the recorder's timing runs, `predicted_s` the same scaled
    to the processes that were timed, whose unchanged copy takes `base_s`. `unexpected` modules were
    no longer imported though they should have been, `still_there` the other way round.
    `instructions` are those that were saved, `instructions_base` those of the unchanged copy.
    `importtime_s` is what `-X importtime` promises for the same statements,
    `importtime_instructions` the same in proportion. `failed` says why a copy did not run; what was
    not measured is None.
    """

    words: str
    modules_predicted: int
    saving_s: float
    instructions_predicted: int | None = None
    modules_measured: int | None = None
    unexpected: tuple[str, ...] = ()
    still_there: tuple[str, ...] = ()
    instructions: int | None = None
    instructions_base: int | None = None
    predicted_s: float | None = None
    base_s: float | None = None
    interval: Interval | None = None
    rounds: int = 0
    failed: str = ""
    importtime_s: float | None = None
    importtime_instructions: int | None = None

    @property
    def measured_s(self) -> float | None:
        """The CPU seconds that were saved."""
        if self.base_s is None or self.interval is None:
            return None
        return self.base_s * (1 - self.interval.ratio)

    @property
    def in_proportion(self) -> int | None:
        """The predicted instructions: the saving's part of the process's, by CPU time.

        Documents of format 1 hold another prediction, by callgrind, which is not made any more.
        """
        if self.importtime_s and self.importtime_instructions is not None:
            return round(self.importtime_instructions * self.saving_s / self.importtime_s)
        return self.instructions_predicted


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that is left as it is, though deferring it would save time: what would break.

    `check` is the name of what it did not pass (see `explain/checks`), `words` tell it in one line.
    """

    file: str
    line: int
    names: tuple[str, ...]
    check: str
    words: str


class PassedCheck(msgspec.Struct, frozen=True):
    """A check that the set passes, and what was looked at."""

    name: str
    words: str


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario on one Python. `process_s` is the CPU time of the process (up to its exit in
    rankings from before its finalisation was counted).

    `bare_s` is a bare interpreter's; `statements` are the project's own that were carried out,
    `candidates` those that can be deferred, which together would save `everything_s`.
    `gate`: the project's own tests, as it is and rewritten; None where they were not asked for.
    `patterns`: causes besides imports; `hot`: where sampled time goes. Of a script there is no more
    than these. `proofs` are the checks that the set passes, `excluded` what was taken out of it to
    do so; rankings from before there were checks have neither. `needed_lazily` are the places of
    the set whose modules a run with all of the project's imports lazy had all the same; None below
    Python 3.15.
    """

    format: int
    target: str
    python: str
    made_at: str
    machine: Machine
    environment: EnvironmentRecord
    scenario: Benchmark
    runs: int
    process_s: float
    steps_s: dict[str, float]
    bare_s: float = 0.0
    imports_s: float = 0.0
    modules: int = 0
    statements: int = 0
    candidates: int = 0
    everything_s: float = 0.0
    best_s: float = 0.0
    opportunities: tuple[Opportunity, ...] = msgspec.field(default=(), name="findings")
    small: int = 0
    packages: tuple[PackageCost, ...] = ()
    kept: tuple[NotDeferrable, ...] = ()
    top_level: tuple[TopLevelWork, ...] = ()
    checks: tuple[Verification, ...] = ()
    problems: tuple[str, ...] = ()
    gate: Gate | None = None
    proofs: tuple[PassedCheck, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    needed_lazily: tuple[str, ...] | None = None
    patterns: tuple[Pattern, ...] = ()
    hot: tuple[HotFunction, ...] = ()

    @property
    def whole(self) -> Verification | None:
        """The whole set as it was run; None where nothing was."""
        return next(iter(self.checks), None)

    @property
    def is_measured(self) -> bool:
        """Whether the saving of the set was."""
        return self.whole is not None and self.whole.measured_s is not None

    @property
    def predicted_s(self) -> float:
        """CPU seconds that the set is predicted to save, of `of_s`."""
        return self.scale * self.best_s

    @property
    def saved_s(self) -> float:
        """CPU seconds that the set saves: measured, else predicted."""
        measured = self.whole.measured_s if self.whole else None
        return self.predicted_s if measured is None else measured

    @property
    def of_s(self) -> float:
        """CPU seconds of the process that this is saved of."""
        timed = self.whole.base_s if self.whole else None
        return timed or self.process_s

    @property
    def scale(self) -> float:
        """From seconds of the recorder's runs to those of the processes that were timed."""
        whole = self.whole
        if whole is None or not whole.predicted_s or not whole.saving_s:
            return 1.0
        return whole.predicted_s / whole.saving_s

    @property
    def label(self) -> str:
        """The revision's short name."""
        return self.environment.revision.label

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        folder = Path(self.target, self.label, f"py{self.python}")
        return folder / f"{self.scenario.name}-{moment(self.made_at)}.json"


def store(ranking: Ranking, data: Path, patch: bytes = b"") -> Path:
    """Write a ranking under `data/`, beside earlier ones; raises `DataError`.

    The patch has a file of its own, which Git ignores: it holds the measured project's code.
    """
    file = write_document(data / FOLDER / ranking.place, ranking)
    if patch:
        file.with_suffix(".patch").write_bytes(patch)
    return file


def read_rankings(data: Path) -> Iterator[tuple[Path, Ranking | DataError]]:
    """All rankings under `data/`, in a stable order; damaged ones as errors."""
    for folder in (_FOLDER_OF_FORMAT_1, FOLDER):
        yield from read_documents(data / folder, Ranking, FORMAT)
