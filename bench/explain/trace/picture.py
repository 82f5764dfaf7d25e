"""The timeline as a picture: what was waited for on top, then a lane for each process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.explain.trace.lanes import Lane, lanes_of
from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.timeline import Timeline
from bench.formats.figure_style import CARD, GRID, INK
from bench.formats.svg import MUTED, Svg, fitting, width_px
from bench.formats.text import seconds, seconds_on_axis

MARKER = "made by python -m bench trace"
_WIDTH = 1180.0
_EDGE = 16.0
_NAMES = 176.0
_ROW = 19.0
_GAP = 5.0
_THIN = 13.0
_NARROW_PX = 1.6
_COLOURS: dict[Layer, str] = {
    Layer.PROCESS_START: "#8c6d46",
    Layer.INTERPRETER_START: "#c9a26b",
    Layer.IMPORTS: "#edc94d",
    Layer.OWN_CODE: "#7fb2e5",
    Layer.SERIALISATION: "#b392dc",
    Layer.HTTP_CLIENT: "#57ab5a",
    Layer.HTTP_WIRE: "#2f7d4f",
    Layer.SERVICE: "#e5703a",
    Layer.SIMULATED: "#f6c3a5",
    Layer.WAITING: "#e6eaef",
    Layer.EXIT: "#9aa4af",
    Layer.NO_CORE: "#c7b8b8",
    Layer.UNEXPLAINED: "#cf222e",
    Layer.SUBPROCESS: "#c3d7ea",
}
# Too short to be seen at their own width, and what one looks for first
_LOUD = {Layer.HTTP_CLIENT, Layer.HTTP_WIRE, Layer.SERVICE, Layer.SIMULATED}
_LOUDER = 40.0
_MOSTLY = 0.6


@dataclass(frozen=True)
class _Scale:
    """From moments to pixels."""

    begin: int
    wall_ns: int
    left: float
    width: float

    def x(self, moment: int) -> float:
        """Pixels from the left."""
        share = (moment - self.begin) / self.wall_ns
        return self.left + min(max(share, 0.0), 1.0) * self.width


def draw_timeline(
    timeline: Timeline, path: Sequence[Piece], title: str, caption: str, wall_ns: int | None = None
) -> bytes:
    """The SVG; `wall_ns` is what the width stands for, so that two pictures share a scale."""
    svg = Svg(_WIDTH)
    svg.text(_EDGE, 27, title, size=14, bold=True)
    svg.text(_EDGE, 45, fitting(caption, _WIDTH - 2 * _EDGE), fill=MUTED)
    scale = _Scale(
        timeline.begin, wall_ns or timeline.wall_ns, _EDGE + _NAMES, _WIDTH - 2 * _EDGE - _NAMES
    )
    lanes = lanes_of(timeline)
    shown = {piece.layer for lane in lanes for piece in lane.pieces if piece.length}
    top = _legend(svg, 66, [layer for layer in Layer if layer in shown | _layers(path)])
    bottom = top + 38 + _ROW + _GAP + sum(map(_height, lanes))
    _axis(svg, scale, top + 14, bottom)
    top += 24
    top = _lane(svg, scale, top, Lane("what was waited for", "", tuple(path)), bold=True) + 8
    for lane in lanes:
        top = _lane(svg, scale, top, lane)
    return svg.finish(top + 12, MARKER)


def _layers(path: Iterable[Piece]) -> set[Layer]:
    return {piece.layer for piece in path}


def _legend(svg: Svg, top: float, layers: Iterable[Layer]) -> float:
    """Colours and their names, on as many lines as they need; returns the next free place."""
    left = _EDGE
    for layer in layers:
        wide = 16 + width_px(str(layer)) + 16
        if left + wide > _WIDTH - _EDGE:
            left, top = _EDGE, top + 18
        svg.box(left, top - 9, 11, 11, _COLOURS[layer])
        svg.text(left + 16, top, str(layer))
        left += wide
    return top + 14


def _axis(svg: Svg, scale: _Scale, top: float, bottom: float) -> None:
    step = _step(scale.wall_ns / 1e9)
    moments = [number * step for number in range(int(scale.wall_ns / 1e9 / step) + 1)]
    for moment, words in zip(moments, seconds_on_axis(moments), strict=True):
        x = scale.x(scale.begin + round(moment * 1e9))
        svg.line(x, top + 4, x, bottom, GRID)
        last = x + width_px(words, 9.5) / 2 > _WIDTH - 4
        svg.text(x, top, words, size=9.5, fill=MUTED, anchor="end" if last else "middle")


def _step(wall_s: float) -> float:
    """A round distance of which six to fifteen fit."""
    step = 10.0**-6
    for _ in range(12):
        for factor in (1, 2, 5):
            if wall_s / (step * factor) <= 12:
                return step * factor
        step *= 10
    return step


def _lane(svg: Svg, scale: _Scale, top: float, lane: Lane, *, bold: bool = False) -> float:
    height = _height(lane) - _GAP
    left = _EDGE + 12 * lane.depth
    room = _EDGE + _NAMES - left - 8
    note = f" {lane.note}" if lane.note else ""
    name = fitting(lane.name, room - width_px(note)) or lane.name[:3]
    if name:
        svg.text(left, top + min(14.0, height + 2), name, bold=bold)
    if note:
        svg.text(left + width_px(name) + 2, top + 14, note, fill=MUTED)
    for run in _runs(scale, lane.pieces):
        wide = max(run.right - run.left, _NARROW_PX)
        ink = CARD if run.layer in {Layer.HTTP_WIRE, Layer.PROCESS_START} else INK
        svg.box(
            run.left, top, wide, height, _COLOURS[run.layer],
            label="" if lane.thin else run.what, title=run.title(scale), ink=ink,
        )  # fmt: skip
    return top + height + _GAP


def _height(lane: Lane) -> float:
    """What a lane takes, with the room below it."""
    return _THIN if lane.thin else _ROW + _GAP


@dataclass
class _Run:
    """Neighbouring pixels of one colour, and what most of them stand for."""

    left: float
    right: float
    layer: Layer
    pieces: list[Piece]

    @property
    def what(self) -> str:
        """The words that fit most of it."""
        taken: dict[str, int] = {}
        for piece in self.pieces:
            if piece.layer is self.layer:
                taken[piece.what] = taken.get(piece.what, 0) + piece.length
        best = max(taken, key=lambda words: taken[words], default="")
        mostly = best and taken[best] >= _MOSTLY * sum(taken.values())
        return best if mostly else str(self.layer)

    def title(self, scale: _Scale) -> str:
        """What it is, from when to when."""
        first = self.pieces[0]
        long = sum(piece.length for piece in self.pieces if piece.layer is self.layer) / 1e9
        since = seconds((first.begin - scale.begin) / 1e9)
        words = f"{self.layer}: {self.what}" if self.what != str(self.layer) else str(self.layer)
        many = f" ({len(self.pieces)} pieces)" if len(self.pieces) > 1 else ""
        return f"{first.process.name}: {words}, {seconds(long)} from {since}{many}"


def _runs(scale: _Scale, pieces: Iterable[Piece]) -> list[_Run]:
    """Pieces put together pixel by pixel, so that thousands of them stay a small picture."""
    runs: list[_Run] = []
    column: list[Piece] = []
    at = -1

    def close() -> None:
        if not column:
            return
        layer = _loudest(column)
        low, high = scale.x(column[0].begin), max(scale.x(piece.end) for piece in column)
        if runs and runs[-1].layer is layer and low - runs[-1].right < _NARROW_PX:
            runs[-1].right = high
            runs[-1].pieces += column
        else:
            low = max(low, runs[-1].right) if runs else low
            runs.append(_Run(low, high, layer, list(column)))

    for piece in pieces:
        if piece.length <= 0:
            continue
        pixel = int(scale.x(piece.begin) / _NARROW_PX)
        wide = scale.x(piece.end) - scale.x(piece.begin) > _NARROW_PX
        if pixel != at or wide or (column and _is_wide(scale, column[-1])):
            close()
            column.clear()
            at = pixel
        column.append(piece)
    close()
    return runs


def _is_wide(scale: _Scale, piece: Piece) -> bool:
    return scale.x(piece.end) - scale.x(piece.begin) > _NARROW_PX


def _loudest(pieces: Sequence[Piece]) -> Layer:
    weights: dict[Layer, float] = {}
    for piece in pieces:
        weight = piece.length * (_LOUDER if piece.layer in _LOUD else 1.0)
        weights[piece.layer] = weights.get(piece.layer, 0.0) + weight
    return max(weights, key=lambda layer: weights[layer])
