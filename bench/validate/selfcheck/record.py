"""The raw data of a selfcheck: what was measured, and nothing that can be worked out from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.core.machine import Machine, Noise
from bench.core.options import Options
from bench.core.sample import Design, Metric

FORMAT = 1
Seconds = tuple[float, ...]

AA = "A/A"
POWER = "power"
QUIET = "quiet"
LOADED = "loaded"
BIAS = "bias"
VERIFY = "verify"
GROWING = "growing blocks"


class EngineRun(msgspec.Struct, frozen=True):
    """One benchmark measured by the engine from its first round to its verdict.

    `phase` is AA or POWER, `truth` the injected ratio head/base. `base_s` and `head_s` are seconds
    of the deciding metric, one a round; `elapsed_s` is the wall time from start to verdict,
    `inside_s` the part of it in which a measured process ran.
    """

    phase: str
    case: str
    truth: float
    run: int
    design: Design
    metric: Metric
    looks: tuple[int, ...]
    maximum: int
    base_s: Seconds
    head_s: Seconds
    large: bool
    reason: str
    elapsed_s: float
    inside_s: float


class Blocks(msgspec.Struct, frozen=True):
    """The peers' way: all of base, then all of head. Wall seconds, one a sample."""

    phase: str
    case: str
    truth: float
    run: int
    base_s: Seconds
    head_s: Seconds


class Series(msgspec.Struct, frozen=True):
    """A fixed number of rounds of one design; seconds, one a round.

    `phase` is QUIET, LOADED, BIAS or VERIFY.
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


class ProbeRun(msgspec.Struct, frozen=True):
    """Which design and metric the probe chose for a command, why, and which was to be expected.

    `chosen` is None when it could not be probed; `phase` is QUIET or LOADED.
    """

    case: str
    expected: tuple[Design, Metric]
    chosen: tuple[Design, Metric] | None
    reason: str
    phase: str = QUIET


class Calibration(msgspec.Struct, frozen=True):
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


class Counted(msgspec.Struct, frozen=True):
    """Instructions valgrind counted in a whole process with so many loops."""

    loops: int
    instructions: int


class Check(msgspec.Struct, frozen=True):
    """A whole selfcheck. `id` is the moment it began, and the name of its file.

    `settings` are the counts and limits (seconds) it ran with. `complete` is false when it was
    interrupted or failed; `stopped` then says how.
    """

    format: int
    id: str
    machine: Machine
    python: str
    interpreter: str
    harness: str
    options: Options
    settings: dict[str, float]
    complete: bool
    stopped: str
    elapsed_s: float
    noise: Noise
    calibration: Calibration | None
    engine: tuple[EngineRun, ...]
    blocks: tuple[Blocks, ...]
    series: tuple[Series, ...]
    probes: tuple[ProbeRun, ...]
    counted: tuple[Counted, ...]
    cut_short: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass
class Recorder:
    """What has been measured so far."""

    calibration: Calibration | None = None
    engine: list[EngineRun] = field(default_factory=list)
    blocks: list[Blocks] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    probes: list[ProbeRun] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    cut_short: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def rounded(seconds: list[float]) -> Seconds:
    """Whole microseconds: what the kernel accounts in."""
    return tuple(round(value, 6) for value in seconds)


def save(check: Check, data: Path) -> Path:
    """Write a selfcheck's raw data to a file of its own; returns the file."""
    folder = data / "selfcheck" / check.machine.name
    file = folder / f"{check.id}.json"
    if file.exists():
        raise DataError(f"{file} exists already: raw data is never written over.")
    write_atomically(file, msgspec.json.format(msgspec.json.encode(check), indent=0) + b"\n")
    return file


def load(file: Path) -> Check:
    """Read a selfcheck's raw data. Raises `DataError` when it is damaged or of a newer version."""
    try:
        content = file.read_bytes()
        version = msgspec.json.decode(content, type=dict).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise DataError(f"{file} was written by a newer version: update this repository.")
        return msgspec.json.decode(content, type=Check)
    except msgspec.MsgspecError as error:
        raise DataError(f"{file} is damaged: {error}", "Restore it, or move it away.") from error
    except OSError as error:
        raise DataError(f"{file} can't be read: {error.strerror}") from error
