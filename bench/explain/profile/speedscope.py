"""Stacks in the format of https://www.speedscope.app, for whoever wants to look closer."""

from __future__ import annotations

import msgspec

from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Frame

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(stacks: Stacks, name: str) -> bytes:
    """A sampled profile in milliseconds."""
    numbers: dict[Frame, int] = {}
    for stack in stacks:
        for frame in stack:
            numbers.setdefault(frame, len(numbers))
    ordered = sorted(stacks.items())
    weights = [round(value, 4) for _, value in ordered]
    profile = {
        "type": "sampled",
        "name": name,
        "unit": "milliseconds",
        "startValue": 0,
        "endValue": round(sum(weights), 4),
        "samples": [[numbers[frame] for frame in stack] for stack, _ in ordered],
        "weights": weights,
    }
    document = {
        "$schema": _SCHEMA,
        "name": name,
        "exporter": "python -m bench profile",
        "shared": {"frames": [{"name": one.title, "file": one.module} for one in numbers]},
        "profiles": [profile],
    }
    return msgspec.json.encode(document)


def mean_stacks(runs: list[Stacks]) -> dict[tuple[Frame, ...], float]:
    """The mean of several runs."""
    found: dict[tuple[Frame, ...], float] = {}
    for stacks in runs:
        for stack, value in stacks.items():
            found[stack] = found.get(stack, 0.0) + value / len(runs)
    return found
