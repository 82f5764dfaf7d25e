"""Memory by memray: what is held at the peak, and what each function allocates."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench.core.process import run_tool
from bench.core.sample import Sample
from bench.explain.profile.frames import NATIVE, Frame, Namer, RawFrame
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess, is_ours

_LOCATIONS = 5000
_READING_S = 300.0
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
class Memory:
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
        raise NotProfiledError("memray is not installed: uv sync --group profile") from error


def trace_with_memray(
    subject: ProfiledProcess, namer: Namer, support: Path
) -> tuple[Memory, Sample]:
    """Run once; `support` holds memray for the subject's Python. Raises `NotProfiledError`."""
    with subject.scratch() as folder:
        variables = subject.inside("memory", folder) | {"BENCH_SUPPORT": str(support)}
        sample = subject.run(variables=variables)
        captures = list(folder.glob("*.memray"))
        if not captures:
            raise NotProfiledError("memray wrote nothing (it may not support this Python)")
        kept = subject.keep(max(captures, key=lambda file: file.stat().st_size))
    return read_capture(kept, namer), sample


def read_capture(file: Path, namer: Namer) -> Memory:
    """What a capture says; raises `NotProfiledError` when it is cut short."""
    from memray import FileReader  # noqa: PLC0415 - needed here alone

    stats = _statistics(file)
    at_peak: dict[tuple[Frame, ...], float] = {}
    try:
        with FileReader(file) as reader:
            for record in reader.get_high_watermark_allocation_records(merge_threads=True):
                raw = [RawFrame(name, path) for name, path, _ in reversed(record.stack_trace())]
                stack = namer.stack(raw) or (NO_FRAME,)
                at_peak[stack] = at_peak.get(stack, 0.0) + record.size
    except (OSError, RuntimeError) as error:
        raise NotProfiledError(f"memray's capture can't be read: {error}") from error
    return Memory(
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


def _statistics(capture: Path) -> _Statistics:
    """What `memray stats` says; raises `NotProfiledError`."""
    written = capture.with_suffix(".json")
    done = run_tool(
        [sys.executable, "-m", "memray", "stats", "--json", "-n", str(_LOCATIONS), "-f",
         "-o", written, capture],
        timeout_s=_READING_S,
    )  # fmt: skip
    if not done.ok:
        raise NotProfiledError(f"memray's capture can't be read: {done.last_lines(1)}")
    stats: _Statistics = json.loads(written.read_text(encoding="utf-8"))
    return stats


def memray_page(capture: Path, target: Path) -> bool:
    """memray's own flame graph as HTML; whether it could be made."""
    made = run_tool(
        [sys.executable, "-m", "memray", "flamegraph", "--force", "-o", target, capture],
        timeout_s=_READING_S,
    )
    return made.ok
