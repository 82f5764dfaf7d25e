"""Flame graphs: one revision by package, and two revisions by what became of each frame.

The outermost frame is at the top, a frame's callees are below it, and width is time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.core.sample import Side
from bench.explain.profile.difference import FrameFate, FunctionChange, change_of, fate_of
from bench.explain.profile.frames import IMPORT_SYSTEM, INTERPRETER, NATIVE, STANDARD_LIBRARY, Frame
from bench.explain.profile.layout import SMALL, FlameBox, Placing, rows
from bench.explain.profile.tree import FrameNode
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, wrapped_to
from bench.formats.text import seconds

MARKER = "made by python -m bench profile"

_INNER = WIDTH - 2 * MARGIN
_ROW = 18.0
_DEEPEST = 27
_DEEPEST_SMALL = 11

# Packages: the measured project stands out, what every process has stays in the background.
_OWN = Paint("#f4a261")
_FIXED = {
    STANDARD_LIBRARY: Paint("#c9d6e3", "#4b5a6b"),
    IMPORT_SYSTEM: Paint("#e3e3e0", "#3a3f46"),
    INTERPRETER: Paint("#eeeeee", "#2f343a"),
    NATIVE: Paint("#d8cfe0", "#584f66"),
}
_OTHERS = tuple(map(Paint, (
    "#7cc4ee", "#f0e08a", "#d99ac0", "#4fa58c", "#5b8fd0", "#b8a1d9", "#d4a373", "#9fd3c4",
)))  # fmt: skip
_REST = Paint("#dddddd", "#484f58")

# Blue for less, orange for more. What costs more is hatched, so that no colour is needed.
_FATES: Mapping[FrameFate, tuple[str, Paint]] = {
    FrameFate.REMOVED: ("removed", Paint("#0b4f9c")),
    FrameFate.MOVED: ("now elsewhere", Paint("#f2dd8c")),
    FrameFate.LESS: ("less", Paint("#a8cdf0")),
    FrameFate.SAME: ("unchanged, or not certain", Paint("#e1e4e8", "#3d444d")),
    FrameFate.MORE: ("more", Paint("#fbcd9c", hatched=True)),
    FrameFate.ADDED: ("added", Paint("#c2570c", hatched=True)),
}
_BLUES = tuple(map(Paint, ("#0b4f9c", "#1f6fb5", "#2a5d8f", "#0a6480", "#3c6aa0", "#173f73")))
_WHOLE = {FrameFate.REMOVED, FrameFate.MOVED, FrameFate.ADDED}


def milliseconds(value: float) -> str:
    """Milliseconds in words; nothing at all is `0`."""
    return seconds(value / 1000) if value > 0 else "0"


@dataclass(frozen=True)
class Caption:
    """What stands above a picture, how its values read, and what the file says of its making."""

    title: str
    subtitle: str
    words: Callable[[float], str] = milliseconds
    marker: str = MARKER


@dataclass(frozen=True)
class Totals:
    """A whole process on both sides: milliseconds without a profiler, or bytes."""

    base: float
    head: float

    def side(self, side: Side) -> float:
        """One side's."""
        return self.base if side is Side.BASE else self.head


@dataclass(frozen=True)
class Headline:
    """What changed most, in words: the difference as a whole, and the frames it comes from."""

    difference: str
    lines: Sequence[str]


def by_package(root: FrameNode, side: Side, caption: Caption, target: str) -> bytes:
    """One side's flame graph, a colour a package."""
    total = root.mean(side)
    colours = _package_colours(root, side, target)
    drawing, top = _begun(caption, list(colours.items()))
    boxes = Placing(side, _INNER / total if total else 0.0, _DEEPEST).boxes(root, MARGIN)
    for box in boxes:
        paint = colours.get(box.node.frame.group, _REST) if box.node else _REST
        _draw(drawing, box, top, paint, _title(box, side, total, caption.words))
    return drawing.finish(top + rows(boxes) * _ROW + MARGIN, caption.marker)


def shift(
    root: FrameNode, caption: Caption, totals: Totals, moved: frozenset[Frame], headline: Headline
) -> bytes:
    """Base above head on one scale, each frame coloured by what became of it.

    The headline stands where the shorter side leaves room.
    """
    longest = max(totals.base, totals.head)
    scale = _INNER / longest if longest else 0.0
    drawing, top = _begun(caption, list(_FATES.values()))
    for side, name in ((Side.BASE, "before"), (Side.HEAD, "after")):
        total = totals.side(side)
        deepest = _DEEPEST if total > 0.3 * longest else _DEEPEST_SMALL
        boxes = Placing(side, scale, deepest).boxes(root, MARGIN)
        drawing.text(MARGIN, top + 14, f"{name}: {caption.words(total)}", bold=True, size=13)
        top += 20
        _Fates(
            drawing=drawing, side=side, top=top, total=longest, moved=moved, words=caption.words
        ).draw(boxes)
        height = rows(boxes) * _ROW
        if total < 0.6 * longest:
            height = max(height, _tell(drawing, MARGIN + total * scale + 20, top, headline))
        top += height + 14
    return drawing.finish(top + 2, caption.marker)


def one_side(root: FrameNode, side: Side, caption: Caption, moved: frozenset[Frame]) -> bytes:
    """One side over the whole width, each frame coloured by what became of it."""
    total = root.mean(side)
    drawing, top = _begun(caption, list(_FATES.values()))
    boxes = Placing(side, _INNER / total if total else 0.0, _DEEPEST).boxes(root, MARGIN)
    _Fates(drawing=drawing, side=side, top=top, total=total, moved=moved, words=caption.words).draw(
        boxes
    )
    return drawing.finish(top + rows(boxes) * _ROW + MARGIN, caption.marker)


def _begun(caption: Caption, legend: list[tuple[str, Paint]]) -> tuple[Svg, float]:
    drawing = Svg()
    return drawing, drawing.legend(drawing.caption(caption.title, caption.subtitle), legend)


@dataclass(frozen=True, kw_only=True)
class _Fates:
    """Draws boxes of one side in the colours of what became of their frames."""

    drawing: Svg
    side: Side
    top: float
    total: float
    moved: frozenset[Frame]
    words: Callable[[float], str]

    def draw(self, boxes: Sequence[FlameBox]) -> None:
        fates: dict[int, FrameFate] = {}
        shades: dict[str, Paint] = {}  # a blue for each package, to tell them apart
        for box in boxes:
            fate, title = fates.get(id(box.above), FrameFate.SAME), _small(box)
            if box.node is not None:
                change = change_of(box.node.base, box.node.head)
                is_elsewhere = box.node.frame in self.moved
                fate = _fate_inside(fate, change, 0.003 * self.total, is_elsewhere=is_elsewhere)
                title = (
                    f"{box.node.frame.title}\n{self.words(change.base)} → "
                    f"{self.words(change.head)}: {_FATES[fate][0]}"
                )
            fates[id(box)] = fate
            paint = _FATES[fate][1]
            if fate is FrameFate.REMOVED and box.node is not None:
                number = len(shades) % len(_BLUES)
                paint = shades.setdefault(box.node.frame.group, _BLUES[number])
            _draw(self.drawing, box, self.top, paint, title)


def _fate_inside(
    around: FrameFate, change: FunctionChange, deadband_ms: float, *, is_elsewhere: bool
) -> FrameFate:
    """What a removed (or added) frame calls is removed from here as well, however small."""
    if around in _WHOLE and min(change.base, change.head) == 0:
        return (
            FrameFate.MOVED
            if is_elsewhere
            else FrameFate.REMOVED
            if change.difference < 0
            else FrameFate.ADDED
        )
    return fate_of(change, elsewhere=is_elsewhere, deadband_ms=deadband_ms)


def _draw(drawing: Svg, box: FlameBox, top: float, paint: Paint, title: str) -> None:
    place = box.left, top + box.row * _ROW, box.width, _ROW
    drawing.box(*place, paint, label=_label(box), title=title)


def _label(box: FlameBox) -> str:
    """A module below one of its own package goes without the package's name."""
    if box.node is None:
        return SMALL
    frame = box.node.frame
    caller = box.above.node.frame if box.above and box.above.node else None
    if caller is None or not frame.is_module:
        return frame.name
    top, dot, rest = frame.name.partition(".")
    return f".{rest}" if dot and caller.module.partition(".")[0] == top else frame.name


def _title(box: FlameBox, side: Side, total: float, words: Callable[[float], str]) -> str:
    if box.node is None:
        return _small(box)
    value = box.node.mean(side)
    return f"{box.node.frame.title}\n{words(value)}, {value / total:.1%}"


def _small(box: FlameBox) -> str:
    return f"{box.count} frames too narrow to be shown"


def _tell(drawing: Svg, left: float, top: float, headline: Headline) -> float:
    """The headline, where there is room; returns the height it took."""
    room = WIDTH - MARGIN - left
    drawing.text(left, top + 16, headline.difference, size=15, bold=True)
    baseline = top + 36
    for line in headline.lines:
        for part in wrapped_to(line, room)[:2]:
            drawing.text(left, baseline, part)
            baseline += 17
    return baseline - top


def _package_colours(root: FrameNode, side: Side, target: str) -> dict[str, Paint]:
    """The measured project, the packages that take most with all they call, and the fixed ones."""
    taken: dict[str, float] = {}
    _enter(root, side, frozenset({""}), taken)
    others = sorted(
        (group for group in taken if group not in _FIXED and group != target),
        key=lambda group: (-taken[group], group),
    )
    colours = {target: _OWN} if target in taken else {}
    colours |= dict(zip(others, _OTHERS, strict=False))
    colours |= {group: colour for group, colour in _FIXED.items() if group in taken}
    return colours | ({"other packages": _REST} if len(others) > len(_OTHERS) else {})


def _enter(node: FrameNode, side: Side, inside: frozenset[str], taken: dict[str, float]) -> None:
    """Add up what each package takes where it is entered, not again where it calls itself."""
    for child in node.children.values():
        group, value = child.frame.group, child.mean(side)
        if value <= 0:
            continue
        if group not in inside:
            taken[group] = taken.get(group, 0.0) + value
        _enter(child, side, inside | {group}, taken)
