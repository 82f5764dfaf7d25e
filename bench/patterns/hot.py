"""Where sampled time goes: the project's own functions, and serialisers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.imports.analysis import Pattern
from bench.imports.sources import Source
from bench.patterns.shapes import Shape, shapes_of
from bench.profile.folded import Stacks
from bench.profile.frames import Frame

_SERIALISERS = {
    "json": "orjson or msgspec",
    "pickle": "a format of its own, or not at all",
    "copy": "building anew what is needed",
    "tomlkit": "tomllib, where nothing is written back",
    "yaml": "its C loader",
    "msgpack": "its C extension, or json",
    "ast": "keeping the tree that was parsed",
    "libcst": "keeping the tree that was parsed, or ast",
}
_MS = 1000.0


@dataclass(frozen=True)
class Hot:
    """CPU seconds of a frame: its own, and with all that it calls."""

    own_s: float
    whole_s: float


def hot_frames(runs: Sequence[Stacks]) -> dict[Frame, Hot]:
    """All frames of sampled stacks in milliseconds; means over the runs."""
    own: dict[Frame, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    whole: dict[Frame, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    for number, stacks in enumerate(runs):
        for stack, taken in stacks.items():
            if stack:
                own[stack[-1]][number] += taken
            for frame in set(stack):
                whole[frame][number] += taken
    return {frame: Hot(fmean(own[frame]) / _MS, fmean(whole[frame]) / _MS) for frame in whole}


def hot_functions(
    hot: dict[Frame, Hot], sources: dict[str, Source], least_s: float
) -> Iterator[Pattern]:
    """Own functions that take so long by themselves, with the shapes that are cheap to change."""
    for frame, taken in sorted(hot.items(), key=lambda item: -item[1].own_s):
        source = sources.get(frame.module)
        if source is None or frame.is_module or taken.own_s < least_s:
            continue
        for shape in shapes_of(source, frame.name):
            yield _pattern(source, frame, taken, shape)


def serialisers(runs: Sequence[Stacks], least_s: float) -> Iterator[Pattern]:
    """Packages that read or write a format, with all that they call."""
    taken: dict[str, float] = defaultdict(float)
    for stacks in runs:
        for stack, time_ms in stacks.items():
            for package in {one.module.partition(".")[0] for one in stack if not one.is_module}:
                taken[package] += time_ms / _MS / len(runs)
    for package, instead in _SERIALISERS.items():
        if taken[package] >= least_s:
            yield Pattern(
                "serialiser",
                package,
                f"functions of `{package}` are running in that time, with all they call",
                f"to try: {instead}",
                "samples; no estimate",
                cost_s=taken[package],
            )


def _pattern(source: Source, frame: Frame, taken: Hot, shape: Shape) -> Pattern:
    return Pattern(
        "hot function",
        f"{source.module}:{shape.line} {frame.name}",
        shape.evidence,
        shape.change,
        "samples: the function's own time is the most it can save",
        cost_s=taken.own_s,
    )
