"""Functions by sampled CPU time, and ruff's findings on performance in the project's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import msgspec

from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Frame
from bench.explain.rank.opportunities import shown_file
from bench.explain.rank.ranking import HotFunction, RuffHint
from bench.explain.rank.ruff import PERFORMANCE, RuffHints, ask_ruff
from bench.explain.rank.sources import ModuleSource

_LISTED = 12
_MS = 1000.0


@dataclass(frozen=True)
class FrameTime:
    """CPU seconds of a frame: its own, and with all that it calls."""

    own_s: float
    whole_s: float


def frame_times(runs: Sequence[Stacks]) -> dict[Frame, FrameTime]:
    """All frames of sampled stacks in milliseconds; means over the runs."""
    own: dict[Frame, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    whole: dict[Frame, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    for number, stacks in enumerate(runs):
        for stack, taken in stacks.items():
            if stack:
                own[stack[-1]][number] += taken
            for frame in set(stack):
                whole[frame][number] += taken
    return {frame: FrameTime(fmean(own[frame]) / _MS, fmean(whole[frame]) / _MS) for frame in whole}


def hot_functions(
    runs: Sequence[Stacks], sources: Mapping[str, ModuleSource], least_s: float
) -> tuple[HotFunction, ...]:
    """The functions with most time of their own, anybody's; no modules, no import system.

    `sources` are the project's own modules by name: in their functions ruff is asked.
    """
    ranked = sorted(frame_times(runs).items(), key=lambda item: -item[1].own_s)
    listed = [
        HotFunction(
            name=frame.name.removesuffix("()"),
            module=frame.module,
            package=frame.group,
            own_s=taken.own_s,
            whole_s=taken.whole_s,
        )
        for frame, taken in ranked
        if not frame.is_module and not frame.name.startswith("(") and taken.own_s >= least_s
    ][:_LISTED]
    files = {sources[one.module].file for one in listed if one.module in sources}
    hints = ask_ruff(sorted(files), PERFORMANCE)
    return tuple(_with_hints(one, sources.get(one.module), hints) for one in listed)


def _with_hints(one: HotFunction, source: ModuleSource | None, hints: RuffHints) -> HotFunction:
    if source is None:
        return one
    nodes = source.functions(one.name)
    inside: list[RuffHint] = [
        hint
        for hint in hints.get(source.file, ())
        if any(node.lineno <= hint.line <= (node.end_lineno or node.lineno) for node in nodes)
    ]
    return msgspec.structs.replace(one, file=shown_file(source.file), hints=tuple(inside))
