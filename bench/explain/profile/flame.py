"""Flame graphs: one revision by package, and two revisions by what became of each frame.

The outermost frame is at the top, a frame's callees are below it, and width is time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.core.sample import Side
from bench.explain.profile.difference import Change, FrameFate, change_of, fate_of
from bench.explain.profile.frames import IMPORT_SYSTEM, INTERPRETER, NATIVE, STANDARD_LIBRARY, Frame
from bench.explain.profile.layout import SMALL, FlameBox, Placing, rows
from bench.explain.profile.tree import FrameNode
from bench.formats.figure_style import INK
from bench.formats.svg import MUTED, Svg, fitting, width_px
from bench.formats.text import seconds

MARKER = "made by python -m bench profile"

WIDTH = 1200.0
_MARGIN = 16.0
_INNER = WIDTH - 2 * _MARGIN
_ROW = 17.0
_DEEPEST = 27
_DEEPEST_SMALL = 11
_WHITE = "#ffffff"

# Packages: the measured project stands out, what everybody has stays in the background.
_OWN = "#f4a261"
_FIXED = {
    STANDARD_LIBRARY: "#c9d6e3",
    IMPORT_SYSTEM: "#e3e3e0",
    INTERPRETER: "#eeeeee",
    NATIVE: "#d8cfe0",
}
_OTHERS = ("#8ecae6", "#a7c957", "#e5989b", "#ffd166", "#b8a1d9", "#7fcdbb", "#d4a373", "#f7b2d9")
_REST = "#dddddd"

_FATES: Mapping[FrameFate, tuple[str, str]] = {
    FrameFate.GONE: ("#1a7f37", _WHITE),
    FrameFate.MOVED: ("#f2cc60", INK),
    FrameFate.LESS: ("#a6dba0", INK),
    FrameFate.SAME: ("#e1e4e8", INK),
    FrameFate.MORE: ("#f4a8a3", INK),
    FrameFate.NEW: ("#cf222e", _WHITE),
}
_GREENS = ("#1a7f37", "#0f766e", "#3f8f3a", "#15803d", "#2f6f5e", "#4d7c0f")
_WHOLE = {FrameFate.GONE, FrameFate.MOVED, FrameFate.NEW}
_FATE_WORDS = {
    FrameFate.GONE: "gone",
    FrameFate.MOVED: "now elsewhere",
    FrameFate.LESS: "takes less",
    FrameFate.SAME: "as before, or not certain",
    FrameFate.MORE: "takes more",
    FrameFate.NEW: "new",
}


def milliseconds(value: float) -> str:
    """Milliseconds in words; nothing at all is `0`."""
    return seconds(value / 1000) if value > 0 else "0"


@dataclass(frozen=True)
class Caption:
    """What stands above a picture, and how its values read."""

    title: str
    subtitle: str
    words: Callable[[float], str] = milliseconds


@dataclass(frozen=True)
class Totals:
    """A whole process on both sides: milliseconds without a profiler, or bytes."""

    base: float
    head: float

    def side(self, side: Side) -> float:
        """One side's."""
        return self.base if side is Side.BASE else self.head


def by_package(root: FrameNode, side: Side, caption: Caption, target: str) -> bytes:
    """One side's flame graph, a colour a package."""
    total = root.mean(side)
    colours = _package_colours(root, side, target)
    drawing = Svg(WIDTH)
    top = _caption(drawing, caption)
    top = _legend(drawing, top, [(group, colour) for group, colour in colours.items()])
    boxes = Placing(side, _INNER / total if total else 0.0, _DEEPEST).boxes(root, _MARGIN)
    for box in boxes:
        fill = _REST
        if box.node is not None:
            fill = colours.get(box.node.frame.group, _REST)
        _draw(drawing, box, top, fill, INK, _title(box, side, total, caption.words))
    return drawing.finish(top + rows(boxes) * _ROW + _MARGIN, MARKER)


def shift(
    root: FrameNode, caption: Caption, totals: Totals, moved: frozenset[Frame], gone: Sequence[str]
) -> bytes:
    """Base above head on one scale of time, each frame coloured by what became of it.

    `gone` are lines that say what went away (or came); they stand where the shorter side leaves
    room.
    """
    longest = max(totals.base, totals.head)
    scale = _INNER / longest if longest else 0.0
    drawing = Svg(WIDTH)
    top = _caption(drawing, caption)
    top = _legend(drawing, top, [(_FATE_WORDS[fate], _FATES[fate][0]) for fate in FrameFate])
    for side, name in ((Side.BASE, "before"), (Side.HEAD, "after")):
        total = totals.side(side)
        deepest = _DEEPEST if total > 0.3 * longest else _DEEPEST_SMALL
        boxes = Placing(side, scale, deepest).boxes(root, _MARGIN)
        drawing.text(_MARGIN, top + 14, f"{name}: {caption.words(total)}", bold=True, size=13)
        top += 20
        _Fates(drawing, side, top, longest, moved, caption.words).draw(boxes)
        free = _MARGIN + total * scale + 24
        height = rows(boxes) * _ROW
        if total < 0.75 * longest and gone:
            height = max(height, _tell(drawing, free, top, gone))
        top += height + 14
    return drawing.finish(top + 2, MARKER)


def one_side(root: FrameNode, side: Side, caption: Caption, moved: frozenset[Frame]) -> bytes:
    """One side over the whole width, each frame coloured by what became of it."""
    total = root.mean(side)
    drawing = Svg(WIDTH)
    top = _caption(drawing, caption)
    top = _legend(drawing, top, [(_FATE_WORDS[fate], _FATES[fate][0]) for fate in FrameFate])
    boxes = Placing(side, _INNER / total if total else 0.0, _DEEPEST).boxes(root, _MARGIN)
    _Fates(drawing, side, top, total, moved, caption.words).draw(boxes)
    return drawing.finish(top + rows(boxes) * _ROW + _MARGIN, MARKER)


@dataclass(frozen=True)
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
        shades: dict[str, str] = {}  # a green for each package, to tell them apart
        for box in boxes:
            fate, title = fates.get(id(box.above), FrameFate.SAME), ""
            if box.node is None:
                title = f"{box.count} frames too narrow to be shown"
            else:
                change = change_of(box.node.base, box.node.head)
                is_elsewhere = box.node.frame in self.moved
                fate = _fate_inside(fate, change, 0.003 * self.total, is_elsewhere=is_elsewhere)
                title = (
                    f"{box.node.frame.title}\n{self.words(change.base)} → "
                    f"{self.words(change.head)}: {_FATE_WORDS[fate]}"
                )
            fates[id(box)] = fate
            fill, ink = _FATES[fate]
            if fate is FrameFate.GONE and box.node is not None:
                number = len(shades) % len(_GREENS)
                fill = shades.setdefault(box.node.frame.group, _GREENS[number])
            _draw(self.drawing, box, self.top, fill, ink, title)


def _fate_inside(
    around: FrameFate, change: Change, deadband_ms: float, *, is_elsewhere: bool
) -> FrameFate:
    """What is called by a frame that is gone (or new) is gone from here as well, however small."""
    if around in _WHOLE and min(change.base, change.head) == 0:
        return (
            FrameFate.MOVED
            if is_elsewhere
            else FrameFate.GONE
            if change.difference < 0
            else FrameFate.NEW
        )
    return fate_of(change, elsewhere=is_elsewhere, deadband_ms=deadband_ms)


def _draw(drawing: Svg, box: FlameBox, top: float, fill: str, ink: str, title: str) -> None:
    label = _label(box)
    drawing.box(
        box.left, top + box.row * _ROW, box.width, _ROW, fill, label=label, title=title, ink=ink
    )


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
        return f"{box.count} frames too narrow to be shown"
    value = box.node.mean(side)
    return f"{box.node.frame.title}\n{words(value)}, {value / total:.1%}"


def _caption(drawing: Svg, caption: Caption) -> float:
    drawing.text(_MARGIN, 28, caption.title, size=17, bold=True)
    drawing.text(_MARGIN, 46, caption.subtitle, fill=MUTED)
    return 58.0


def _legend(drawing: Svg, top: float, entries: Sequence[tuple[str, str]]) -> float:
    left = _MARGIN
    for words, colour in entries:
        width = 16 + width_px(words) + 18
        if left + width > WIDTH - _MARGIN:
            left, top = _MARGIN, top + 18
        drawing.box(left, top, 12, 12, colour)
        drawing.text(left + 17, top + 10, words)
        left += width
    return top + 22


def _tell(drawing: Svg, left: float, top: float, lines: Sequence[str]) -> float:
    """What went away, in words, where there is room; returns the height it took."""
    room = WIDTH - _MARGIN - left
    first, *others = lines
    fate = FrameFate.NEW if first.endswith("came") else FrameFate.GONE
    drawing.text(left, top + 16, fitting(first, room * 11 / 15), size=15, bold=True,
                 fill=_FATES[fate][0])  # fmt: skip
    baseline = top + 36
    for line in others:
        drawing.text(left, baseline, fitting(line, room * 11 / 12), size=12)
        baseline += 17
    return baseline - top


def _package_colours(root: FrameNode, side: Side, target: str) -> dict[str, str]:
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
