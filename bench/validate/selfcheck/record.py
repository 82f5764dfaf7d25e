"""The raw data of a self-check: what was measured, and nothing that can be worked out from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.core.errors import DataError
from bench.core.machine import Machine, Noise
from bench.core.options import Options
from bench.core.sample import Design, Metric
from bench.engine.store.documents import read_documents, write_document
from bench.validate.engine_runs import EngineRun, Seconds

FORMAT = 1
FOLDER = "selfcheck"

POWER = "power"
QUIET = "quiet"
LOADED = "loaded"
BIAS = "bias"
VERIFY = "verify"
GROWING = "growing blocks"


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """Samples as other tools take them: all of base, then all of head. Wall seconds."""

    phase: str
    case: str
    truth: float
    run: int
    base_s: Seconds
    head_s: Seconds


class DesignSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed number of rounds of one design; seconds, one a round.

    `phase` is QUIET, LOADED, BIAS or VERIFY. Of duets, `base_alone_s` and `head_alone_s` are CPU
    seconds after the other side had ended; () where that is not known. The two designs of a case
    took turns, the duet first.
    """

    phase: str
    case: str
    truth: float
    design: Design
    base_cpu_s: Seconds
    head_cpu_s: Seconds
    base_wall_s: Seconds
    head_wall_s: Seconds
    inside_s: Seconds
    base_alone_s: Seconds = ()
    head_alone_s: Seconds = ()


class LaneSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A/A duets of the CPU-bound command on one lane while `lanes` took them at once.

    CPU seconds, one a round; `elapsed_s` is the wall time of all rounds of this lane.
    """

    lanes: int
    lane: int
    base_cpu_s: Seconds
    head_cpu_s: Seconds
    elapsed_s: float


class ProbeRun(msgspec.Struct, frozen=True, kw_only=True):
    """Which design and metric the probe chose for a command, why, and which was expected.

    `chosen` is None when the command could not be probed; `phase` is QUIET or LOADED.
    """

    case: str
    expected: tuple[Design, Metric]
    chosen: tuple[Design, Metric] | None
    reason: str
    phase: str = QUIET


class BurnCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """How the CPU-bound command was made, so that a ratio is one of the whole process.

    A process with `n` loops costs `start_loops + n` loops' worth of CPU time, where `start_loops`
    is what the interpreter's start costs; `low` and `high` are its 95% limits. `loops` is the
    base's count; `start_s` and `process_s` are median CPU seconds of a process without loops and
    of the base.
    """

    loops: int
    start_loops: float
    low: float
    high: float
    start_s: float
    process_s: float
    rounds: int


class SelfCheck(msgspec.Struct, kw_only=True):
    """A whole self-check, filled while it is measured.

    `id` is the moment it began, and the name of its file; `settings` are the counts and limits
    (seconds) it ran with. `complete` is false when it was interrupted or failed; `stopped` then
    says how. `cut_short` and `failures` say what is missing.
    """

    format: int = FORMAT
    id: str
    machine: Machine
    python: str
    interpreter: str
    harness: str
    options: Options
    settings: dict[str, float]
    complete: bool = False
    stopped: str = ""
    elapsed_s: float = 0.0
    noise: Noise | None = None
    calibration: BurnCalibration | None = None
    engine: list[EngineRun] = []
    blocks: list[Blocks] = []
    series: list[DesignSeries] = []
    probes: list[ProbeRun] = []
    lanes: list[LaneSeries] = []
    cut_short: list[str] = []
    failures: list[str] = []

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        return Path(self.machine.name, f"{self.id}.json")


def check_file(check: SelfCheck, data: Path) -> Path:
    """Where a self-check is kept."""
    return data / FOLDER / check.place


def save_check(check: SelfCheck, data: Path) -> Path:
    """Write a self-check to a file of its own; returns the file. Raises `DataError`."""
    return write_document(check_file(check, data), check)


def newest_checks(data: Path) -> Iterator[SelfCheck | DataError]:
    """The newest self-check of each machine; each damaged one as an error."""
    newest: dict[Path, SelfCheck] = {}
    for file, found in read_documents(data / FOLDER, SelfCheck):
        if isinstance(found, DataError):
            yield found
        else:
            newest[file.parent] = found
    yield from newest.values()
