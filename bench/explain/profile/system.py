"""System calls by kind, and the files a benchmark looks for, by strace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.sample import Sample
from bench.core.told import read_text
from bench.explain.counters.running import NotCountedError
from bench.explain.counters.system_calls import find_strace, parse_summary
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess

_CALL = re.compile(r'^(?:\d+ +)?(\w+)\(.*?"([^"]*)".*= (-?\d+)')


@dataclass(frozen=True)
class SystemCalls:
    """Calls and failed calls by kind; calls that name a file by its folder, and those that fail."""

    calls: dict[str, int]
    failed: dict[str, int]
    folders: dict[str, int]
    missing: dict[str, int]


def find_tracer() -> str:
    """A strace that may trace; raises `NotProfiledError` with the remedy."""
    try:
        return find_strace()
    except NotCountedError as error:
        raise NotProfiledError(str(error)) from error


def trace_calls(
    subject: ProfiledProcess, strace: str, places: Sequence[tuple[Path, str]]
) -> tuple[SystemCalls, Sample]:
    """Run twice, for the kinds and for the files; `places` are folders and what to call them."""
    with subject.scratch() as folder:
        summary, log = folder / "summary", folder / "log"
        sample = subject.run(under=(strace, "-f", "-c", "-o", str(summary)))
        subject.run(under=(strace, "-f", "-e", "trace=%file", "-s", "400", "-o", str(log)))
        calls, failed = parse_summary(read_text(summary))
        text = read_text(log)
    return SystemCalls(calls, failed, *files_by_folder(text, places)), sample


def files_by_folder(
    log: str, places: Sequence[tuple[Path, str]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Calls by the folder of the file they name, and those of them that fail."""
    all_: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for line in log.splitlines():
        found = _CALL.match(line)
        if not found or not found[2]:  # no path: the call is about an open file
            continue
        folder = _shown(found[2].rpartition("/")[0] or found[2], places)
        all_[folder] += 1
        if int(found[3]) < 0:
            missing[folder] += 1
    return dict(all_), dict(missing)


def _shown(folder: str, places: Sequence[tuple[Path, str]]) -> str:
    for place, words in places:
        if folder == str(place) or folder.startswith(f"{place}/"):
            return words + folder[len(str(place)) :]
    return folder
