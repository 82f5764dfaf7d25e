"""What an analysis of a scenario's imports found: stored under `data/`, shown under `results/`."""

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

FORMAT = 1
FOLDER = "targets"


class Finding(msgspec.Struct, frozen=True):
    """A statement of the best set. Times are CPU seconds saved, as predicted.

    `alone`: when only this one is deferred; `last`: what is lost when only this one is not;
    `share`: its part of the set's saving; `cumulative_s` is what `-X importtime` shows for what it
    imports. `change` says what to write, `risks` what may go wrong, `ruff` the rules that agree.
    """

    module: str
    file: str
    line: int
    statement: str
    names: tuple[str, ...]
    whole: bool
    alone_s: float
    last_s: float
    share_s: float
    cumulative_s: float
    change: str
    risks: tuple[str, ...]
    ruff: tuple[str, ...]


class Package(msgspec.Struct, frozen=True):
    """A package that costs something, and the fewest own statements that pull it in.

    `cut` is empty where no own statements suffice; `saving_s` is what vanishes with it;
    `deferrable` says whether all of the cut could wait.
    """

    name: str
    is_own: bool
    modules: int
    own_s: float
    cut: tuple[str, ...]
    saving_s: float
    deferrable: bool


class Kept(msgspec.Struct, frozen=True):
    """A name that can't wait, though its import costs something; the line that says why."""

    file: str
    line: int
    name: str
    reason: str
    use_line: int
    saving_s: float


class TopLevel(msgspec.Struct, frozen=True):
    """A statement that a module carries out when it is imported, and its CPU seconds.

    `goes`: the best set takes the whole module away; `advice` is what to try otherwise.
    """

    file: str
    line: int
    statement: str
    kind: str
    advice: str
    cost_s: float
    goes: bool


class Alternative(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another serialiser on the values of a scenario; CPU seconds, medians of `runs` in turn.

    Of the calls that were kept `calls` gave the same and were timed: `was_s` today, `takes_s` with
    it, `import_s` for importing it. `refused` were not, for these `reasons`. Of `texts_differ` the
    data is the same, but not the text. `problem` says why nothing could be timed.
    """

    name: str
    calls: int = 0
    refused: int = 0
    reasons: tuple[str, ...] = ()
    texts_differ: int = 0
    was_s: float = 0.0
    takes_s: float = 0.0
    import_s: float = 0.0
    runs: int = 0
    problem: str = ""

    @property
    def saving_s(self) -> float:
        """What is left of the difference once it has been imported."""
        return self.was_s - self.takes_s - self.import_s


class HotFunction(msgspec.Struct, frozen=True):
    """A function in sampled stacks: CPU seconds by itself, and with all that it calls."""

    name: str
    module: str
    package: str
    own_s: float
    whole_s: float


class Pattern(msgspec.Struct, frozen=True, omit_defaults=True):
    """A shape of slow code besides imports, or (`pays` false) one that is not worth changing.

    `cost_s` is CPU time in the scenario, `cost_bytes` memory at its peak; `saving_*` are estimates,
    None where there is no ground for one; `backed_by` says what they rest on. `patch` is the change
    as it was tried, `alternatives` are the serialisers that were.
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
    patch: str = ""
    alternatives: tuple[Alternative, ...] = ()

    @property
    def is_tried(self) -> bool:
        """Whether it was changed and run, or something else was in its place."""
        return self.kind in {"hot function", "serialiser"}


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prediction held against a rewritten copy that was run. Times in CPU seconds.

    `saving_s` is what its modules take in the recorder's timing runs, `predicted_s` the same scaled
    to the processes that were timed. `unexpected` modules vanished though they should not have,
    `still_there` the other way round.
    `annotations` are those of the predicted instructions that go because annotations are no longer
    evaluated, measured with a copy changed in nothing else; `importtime_s` is what `-X importtime`
    promises for the same statements, `importtime_instructions` the same in proportion.
    `failed` says why a copy did not run; what was not measured is None.
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
    annotations: int | None = None
    importtime_s: float | None = None
    importtime_instructions: int | None = None

    @property
    def measured_s(self) -> float | None:
        """The CPU seconds that were saved."""
        if self.base_s is None or self.interval is None:
            return None
        return self.base_s * (1 - self.interval.ratio)


class Node(msgspec.Struct, frozen=True):
    """A box of the picture: an own module or a package; `saved_s` goes with the best set."""

    name: str
    is_own: bool
    own_s: float
    saved_s: float
    depth: int


class Edge(msgspec.Struct, frozen=True):
    """Who leads to whom; `deferred` when all statements behind it are in the best set."""

    importer: str
    imported: str
    deferred: bool


class Analysis(msgspec.Struct, frozen=True):
    """One scenario on one Python. `process_s` is the CPU time of the process up to its exit.

    `bare_s` is a bare interpreter's; `statements` are the project's own that were carried out,
    `candidates` those that could wait, which together would save `everything_s`.

    `exact`: instructions were attributed to modules by callgrind; else they follow from times.
    `gate`: the project's own tests, as it is and rewritten; None where they were not asked for.
    `patterns`: shapes besides imports; `hot`: where sampled time goes. Of a script there is no more
    than these: `modules`, `statements` and what follows from imports are 0 or empty.
    """

    format: int
    target: str
    python: str
    made_at: str
    machine: Machine
    environment: EnvironmentRecord
    scenario: Benchmark
    runs: int
    exact: bool
    process_s: float
    bare_s: float
    imports_s: float
    modules: int
    statements: int
    candidates: int
    everything_s: float
    best_s: float
    findings: tuple[Finding, ...]
    small: int
    packages: tuple[Package, ...]
    kept: tuple[Kept, ...]
    top_level: tuple[TopLevel, ...]
    checks: tuple[Check, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    patch: str
    steps_s: dict[str, float]
    problems: tuple[str, ...] = ()
    gate: Gate | None = None
    patterns: tuple[Pattern, ...] = ()
    hot: tuple[HotFunction, ...] = ()

    @property
    def label(self) -> str:
        """The revision's short name."""
        return self.environment.revision.label


def store(analysis: Analysis, data: Path) -> Path:
    """Write an analysis under `data/`, beside earlier ones; raises `DataError`."""
    folder = data / FOLDER / analysis.target / analysis.label / f"py{analysis.python}"
    name = f"{analysis.scenario.name}-{moment(analysis.made_at)}.json"
    return write_document(folder / name, analysis)


def read_analyses(data: Path) -> Iterator[tuple[Path, Analysis | DataError]]:
    """All analyses under `data/`, in a stable order; damaged ones as errors."""
    return read_documents(data / FOLDER, "*/*/py*/*.json", Analysis)
