"""Where sampled time goes: functions, and what could be written otherwise in the project's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from bench.explain.patterns.edits import edited
from bench.explain.patterns.shapes import Shape, functions_of, shapes_of
from bench.explain.patterns.trying import Outcome, Trials
from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Frame
from bench.explain.rank.analysis import HotFunction, Pattern
from bench.explain.rank.patch import make_patch
from bench.explain.rank.sources import Source

_DEAREST = 5
_SHAPES = 4
_LISTED = 12
_MS = 1000.0
_NOT_TRIED = Outcome(None, "samples: the most it can save; nothing safe to try by machine")
_NO_COPY = Outcome(None, "samples: the most it can save; no copy could be run")
_TOO_LATE = Outcome(None, "samples: the most it can save; no time was left to try it")


@dataclass(frozen=True)
class Hot:
    """CPU seconds of a frame: its own, and with all that it calls."""

    own_s: float
    whole_s: float


@dataclass(frozen=True)
class HotShape:
    """A shape in an own function that takes long."""

    source: Source
    name: str
    taken: Hot
    shape: Shape

    @property
    def bound_s(self) -> float:
        """What it can save at most."""
        return self.taken.whole_s if self.shape.spares_calls else self.taken.own_s

    def is_in(self, ran: Collection[tuple[str, int]]) -> bool:
        """Whether one of its lines is among those that ran."""
        return any((str(self.source.file), line) in ran for line in self.shape.lines)


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


def listed(hot: Mapping[Frame, Hot], least_s: float) -> tuple[HotFunction, ...]:
    """The functions with most time of their own, anybody's; no modules, no import system."""
    ranked = sorted(hot.items(), key=lambda item: -item[1].own_s)
    return tuple(
        HotFunction(_plain(frame), frame.module, frame.group, taken.own_s, taken.whole_s)
        for frame, taken in ranked
        if not frame.is_module and not frame.name.startswith("(") and taken.own_s >= least_s
    )[:_LISTED]


def hot_shapes(
    hot: Mapping[Frame, Hot],
    sources: Mapping[str, Source],
    stored: Collection[str],
    ran: Collection[tuple[str, int]],
    least_s: float,
) -> list[HotShape]:
    """The shapes of the dearest own functions that have any, dearest first.

    `stored` is what the project assigns late, `ran` the lines of its files that the scenario
    carries out.
    """
    found: list[HotShape] = []
    functions = 0
    for frame, taken in sorted(hot.items(), key=lambda item: -item[1].own_s):
        source = sources.get(frame.module)
        if source is None or frame.is_module or taken.whole_s < least_s:
            continue
        shapes = [
            HotShape(source, _plain(frame), taken, shape)
            for function in functions_of(source, _plain(frame))
            for shape in shapes_of(source, function, stored)
        ]
        worth = [one for one in shapes if one.bound_s >= least_s and one.is_in(ran)][:_SHAPES]
        found += worth
        functions += bool(worth)
        if functions == _DEAREST:
            break
    return found


def tried(shapes: Sequence[HotShape], trials: Trials | None, least_s: float) -> Iterator[Pattern]:
    """Each shape with what a copy says that has it changed; without `trials` none is run."""
    all_texts = [_texts(one) for one in shapes]
    if trials is None:
        outcomes: list[Outcome | None] = [_NO_COPY if one else _NOT_TRIED for one in all_texts]
    else:
        with ThreadPoolExecutor(trials.at_once) as pool:
            each = pool.map(lambda one: trials.run(one) if one else _NOT_TRIED, all_texts)
            outcomes = trials.settle(list(each))
    for one, texts, outcome in zip(shapes, all_texts, outcomes, strict=True):
        yield _pattern(one, outcome or _TOO_LATE, make_patch(texts), least_s)


def _texts(one: HotShape) -> dict[Path, str]:
    """The file with the shape changed; empty where that can't be done by machine."""
    try:
        text = edited(one.source.text, one.shape.edits) if one.shape.edits else ""
    except ValueError:
        text = ""
    return {one.source.file: text} if text else {}


def _pattern(one: HotShape, outcome: Outcome, patch: str, least_s: float) -> Pattern:
    outcome = _within(one.bound_s, outcome)
    saved = outcome.saving_s
    pays = not outcome.failed if saved is None else saved >= least_s and outcome.is_certain
    return Pattern(
        "hot function",
        f"{one.source.module}:{one.shape.line} {one.name}",
        one.shape.evidence,
        one.shape.change,
        outcome.grounds,
        cost_s=one.bound_s,
        saving_s=saved,
        pays=pays,
        patch=patch if pays else "",
    )


def _within(bound_s: float, outcome: Outcome) -> Outcome:
    """No more than samples show: instructions of one place may be faster than the average."""
    if outcome.saving_s is None or outcome.instructions is None or outcome.saving_s <= bound_s:
        return outcome
    return replace(
        outcome, saving_s=bound_s, grounds=f"{outcome.grounds}; no more than its samples"
    )


def _plain(frame: Frame) -> str:
    """The function's name as it is written."""
    return frame.name.removesuffix("()")
