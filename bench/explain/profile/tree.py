"""A tree of frames: milliseconds of every profiling run, of one revision or of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.core.sample import Side
from bench.engine.statistics.arrays import FloatArray
from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Frame

ROOT = Frame("", "", "")


@dataclass
class FrameNode:
    """A frame below one chain of callers: inclusive milliseconds by run, shape (runs,) a side."""

    frame: Frame
    base: FloatArray
    head: FloatArray
    children: dict[Frame, FrameNode] = field(default_factory=dict)

    def runs(self, side: Side) -> FloatArray:
        """One side's runs."""
        return self.base if side is Side.BASE else self.head

    def mean(self, side: Side) -> float:
        """Mean over one side's runs; 0 where there are none."""
        runs = self.runs(side)
        return float(runs.mean()) if runs.size else 0.0

    def walk(self) -> Iterator[FrameNode]:
        """This node and all below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()


@dataclass
class Cost:
    """What a frame takes, wherever it is: by run, shape (runs,) a side, in milliseconds.

    `base`, `head` include what it calls (once, however often it calls itself); the other two leave
    that out.
    """

    base: FloatArray
    head: FloatArray
    base_self: FloatArray
    head_self: FloatArray

    def inclusive(self, side: Side) -> FloatArray:
        """With what it calls."""
        return self.base if side is Side.BASE else self.head

    def own(self, side: Side) -> FloatArray:
        """Without what it calls."""
        return self.base_self if side is Side.BASE else self.head_self


def build_tree(base: Sequence[Stacks], head: Sequence[Stacks] = ()) -> FrameNode:
    """The tree of all runs; `head` is empty for a single revision."""
    root = _node(ROOT, base, head)
    for side, runs in ((Side.BASE, base), (Side.HEAD, head)):
        for number, stacks in enumerate(runs):
            for stack, value in stacks.items():
                node = root
                node.runs(side)[number] += value
                for frame in stack:
                    if frame not in node.children:
                        node.children[frame] = _node(frame, base, head)
                    node = node.children[frame]
                    node.runs(side)[number] += value
    return root


def costs(base: Sequence[Stacks], head: Sequence[Stacks] = ()) -> dict[Frame, Cost]:
    """What each frame takes in all places together."""
    found: dict[Frame, Cost] = {}
    for side, runs in ((Side.BASE, base), (Side.HEAD, head)):
        for number, stacks in enumerate(runs):
            for stack, value in stacks.items():
                for frame in set(stack):
                    if frame not in found:
                        found[frame] = _cost(base, head)
                    found[frame].inclusive(side)[number] += value
                if stack:
                    found[stack[-1]].own(side)[number] += value
    return found


def group_costs(base: Sequence[Stacks], head: Sequence[Stacks] = ()) -> dict[str, Cost]:
    """The same by package: `own` is time in its code, `inclusive` also what that calls."""
    found: dict[str, Cost] = {}
    for side, runs in ((Side.BASE, base), (Side.HEAD, head)):
        for number, stacks in enumerate(runs):
            for stack, value in stacks.items():
                for group in {frame.group for frame in stack}:
                    if group not in found:
                        found[group] = _cost(base, head)
                    found[group].inclusive(side)[number] += value
                if stack:
                    found[stack[-1].group].own(side)[number] += value
    return found


def _node(frame: Frame, base: Sequence[Stacks], head: Sequence[Stacks]) -> FrameNode:
    return FrameNode(frame, np.zeros(len(base)), np.zeros(len(head)))


def _cost(base: Sequence[Stacks], head: Sequence[Stacks]) -> Cost:
    return Cost(*(np.zeros(len(runs)) for runs in (base, head, base, head)))
