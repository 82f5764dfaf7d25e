"""What a pair's profile shows, in a few lines."""

from __future__ import annotations

from collections.abc import Callable

from bench.core.sample import Side
from bench.explain.profile.difference import FrameFate, change_of, fate_of
from bench.explain.profile.flame import Caption, Headline, Totals, milliseconds
from bench.explain.profile.frames import (
    IMPORT_SYSTEM,
    INTERPRETER,
    NATIVE,
    SCRIPT,
    STANDARD_LIBRARY,
    Frame,
)
from bench.explain.profile.import_times import Imports
from bench.explain.profile.layout import in_order
from bench.explain.profile.tree import FrameNode
from bench.formats.text import joined, magnitude

_NO_PACKAGE = {SCRIPT, STANDARD_LIBRARY, IMPORT_SYSTEM, INTERPRETER, NATIVE}
_LINES = 9
_WORTH = 0.01


def headline(
    root: FrameNode,
    totals: Totals,
    moved: frozenset[Frame],
    words: Callable[[float], str] = milliseconds,
) -> Headline:
    """The difference as a whole, and the uppermost frames that were removed (or added).

    None of them is below another, so the figures add up. What is now elsewhere is left out.
    """
    difference = totals.base - totals.head
    side = Side.BASE if difference > 0 else Side.HEAD
    least = _WORTH * max(totals.base, totals.head)
    went = sorted(_uppermost(root, side, least, moved), key=lambda node: -node.mean(side))
    lines = []
    for node in went[:_LINES]:
        with_it = _packages(node, side, least, words)
        lines.append(
            f"{words(node.mean(side))} {node.frame.title}"
            + (f", with {', '.join(with_it)}" if with_it else "")
        )
    return Headline(f"{words(abs(difference))} {'less' if difference > 0 else 'more'}", lines)


def alternative(caption: Caption, told: Headline) -> str:
    """What a picture says, for those who cannot see it."""
    most = f"; most of it: {joined(told.lines[:3])}" if told.lines else ""
    return f"{caption.title}: {told.difference}{most}"


def ratio_words(totals: Totals) -> str:
    """`, 7.5x less`, or nothing where it says nothing."""
    if not totals.base or not totals.head:
        return ""
    words = magnitude(totals.head / totals.base)
    less = "less" if totals.head < totals.base else "more"
    return f", {words} {less}" if words.endswith("x") else f", {words}"


def module_lists(base: Imports, head: Imports) -> tuple[list[str], list[str]]:
    """Modules that are no longer imported, and modules that were added."""
    before, after = (
        {frame.name for stack in one.stacks for frame in stack} for one in (base, head)
    )
    return sorted(before - after), sorted(after - before)


def _uppermost(
    node: FrameNode, side: Side, least_ms: float, moved: frozenset[Frame]
) -> list[FrameNode]:
    """Frames that are on one side only, and whose caller is on both."""
    found: list[FrameNode] = []
    for child in node.children.values():
        if child.mean(side) < least_ms:
            continue
        fate = fate_of(change_of(child.base, child.head), elsewhere=child.frame in moved)
        if fate in {FrameFate.REMOVED, FrameFate.ADDED}:
            found.append(child)
        else:
            found += _uppermost(child, side, least_ms, moved)
    return found


def _packages(
    node: FrameNode, side: Side, least: float, words: Callable[[float], str]
) -> list[str]:
    """Other packages that are entered below a frame, the most expensive first."""
    entered: dict[str, float] = {}
    _enter(node, side, {node.frame.group, *_NO_PACKAGE}, entered)
    ordered = sorted(entered.items(), key=lambda item: (-item[1], item[0]))
    return [f"{group} ({words(value)})" for group, value in ordered if value >= least][:4]


def _enter(node: FrameNode, side: Side, known: set[str], entered: dict[str, float]) -> None:
    for child in in_order(node.children.values(), side):
        group = child.frame.group
        if group in known:
            _enter(child, side, known, entered)
        else:
            entered[group] = entered.get(group, 0.0) + child.mean(side)
