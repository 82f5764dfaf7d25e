"""Memory by memray: what is held at the peak, and what each function allocates."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import msgspec

from bench.core.process import run_tool
from bench.core.program import install
from bench.core.sample import Sample
from bench.core.told import NotToldError, Told, read_bytes
from bench.explain.profile.frames import NATIVE, Frame, Namer, RawFrame
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess, is_ours

_LOCATIONS = 5000
_READING_S = 300.0
_PEAK_STACKS = Path(__file__).with_name("peak_stacks.py")
_Held = tuple[int, list[tuple[str, str]]]  # bytes, and functions with their files
NO_FRAME = Frame("(outside Python code)", NATIVE, NATIVE)


class _Location(TypedDict):
    location: str
    size: int


class _Metadata(TypedDict):
    peak_memory: int


class _Statistics(TypedDict):
    total_bytes_allocated: int
    total_num_allocations: int
    top_allocations_by_size: list[_Location]
    metadata: _Metadata


@dataclass(frozen=True, kw_only=True)
class MemoryUse:
    """Of the process that needs most: bytes at the peak, bytes and blocks allocated in all.

    `at_peak` is what was held at the peak, in bytes by stack; `allocated` are all bytes by the
    function that asked for them, given back or not. `capture` is memray's file.
    """

    peak: int
    total: int
    blocks: int
    at_peak: dict[tuple[Frame, ...], float]
    allocated: dict[Frame, int]
    capture: Path


def memray_version() -> str:
    """The memray this project pins; raises `NotProfiledError` where it is not installed."""
    try:
        return importlib.metadata.version("memray")
    except importlib.metadata.PackageNotFoundError as error:
        raise NotProfiledError(f"memray is not installed: {install('profile')}") from error


def trace_with_memray(
    subject: ProfiledProcess, namer: Namer, support: Path
) -> tuple[MemoryUse, Sample]:
    """Run once; `support` holds memray for the subject's Python. Raises `NotProfiledError`."""
    with subject.scratch() as folder:
        variables = subject.inside("memory", folder) | {"BENCH_SUPPORT": str(support)}
        sample = subject.run(variables=variables, support=support)
        captures = list(folder.glob("*.memray"))
        if not captures:
            raise NotProfiledError(f"memray {memray_version()} wrote nothing on this Python")
        kept = subject.keep(max(captures, key=lambda file: file.stat().st_size))
    return read_capture(kept, namer), sample


def read_capture(file: Path, namer: Namer) -> MemoryUse:
    """What a capture says; raises `NotProfiledError` when it is cut short."""
    stats = _told(
        file, ("-m", "memray", "stats", "--json", "-n", str(_LOCATIONS), "-f", "-o"), _Statistics
    )
    at_peak: dict[tuple[Frame, ...], float] = {}
    for size, frames in _told(file, (str(_PEAK_STACKS),), list[_Held]):
        stack = namer.stack([RawFrame(*one) for one in frames]) or (NO_FRAME,)
        at_peak[stack] = at_peak.get(stack, 0.0) + size
    return MemoryUse(
        peak=stats["metadata"]["peak_memory"],
        total=stats["total_bytes_allocated"],
        blocks=stats["total_num_allocations"],
        at_peak=at_peak,
        allocated=by_function(stats["top_allocations_by_size"], namer),
        capture=file,
    )


def by_function(locations: Iterable[_Location], namer: Namer) -> dict[Frame, int]:
    """Bytes by function from memray's `function:file:line`."""
    allocated: dict[Frame, int] = {}
    for one in locations:
        function, _, place = one["location"].partition(":")
        path = place.rpartition(":")[0]
        if is_ours(path):
            continue
        frame = namer.stack([RawFrame(function, path)])[-1] if path else NO_FRAME
        allocated[frame] = allocated.get(frame, 0) + one["size"]
    return allocated


def _told(capture: Path, program: Sequence[str], kind: type[Told]) -> Told:
    """What a program writes that reads the capture: the capture could end the interpreter.

    Raises `NotProfiledError`.
    """
    written = capture.with_suffix(".json")
    files = (written, capture) if program[0] == "-m" else (capture, written)
    done = run_tool([sys.executable, *program, *files], timeout_s=_READING_S)
    if not done.ok:
        raise NotProfiledError(f"memray's capture can't be read: {done.last_lines(1)}")
    try:
        return msgspec.json.decode(read_bytes(written), type=kind)
    except (NotToldError, msgspec.DecodeError) as error:
        raise NotProfiledError(f"memray's capture can't be read: {error}") from error


def memray_page(capture: Path, target: Path) -> bool:
    """memray's own flame graph as HTML; whether it could be made."""
    made = run_tool(
        [sys.executable, "-m", "memray", "flamegraph", "--force", "-o", target, capture],
        timeout_s=_READING_S,
    )
    return made.ok
