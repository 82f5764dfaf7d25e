"""The timeline as a picture: what was waited for on top, then a lane for each process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.explain.trace.lanes import Lane, lanes_of
from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.timeline import Timeline
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, fitting, width_px
from bench.formats.text import seconds, seconds_on_axis

MARKER = "made by python -m bench trace"
_NAMES = 150.0
_ROW = 19.0
_GAP = 5.0
_THIN = 13.0
_NARROW_PX = 1.6
_TICKS = 8
PAINTS: dict[Layer, Paint] = {
    Layer.PROCESS_START: Paint("#7f4b12"),
    Layer.INTERPRETER_START: Paint("#c08242"),
    Layer.IMPORTS: Paint("#f2b24c"),
    Layer.OWN_CODE: Paint("#8cbdea"),
    Layer.SERIALISATION: Paint("#8e7cc3"),
    Layer.HTTP_CLIENT: Paint("#4a8fd9"),
    Layer.HTTP_WIRE: Paint("#0b4a8f"),
    Layer.SERVICE: Paint("#d9480f"),
    Layer.SIMULATED: Paint("#f9cfb0"),
    Layer.SUBPROCESS: Paint("#c9dcf0"),
    Layer.WAITING: Paint("#e6eaef", "#30363d"),
    Layer.FOR_CPU: Paint("#cfd5dc", "#545d68"),
    Layer.EXIT: Paint("#8d96a0"),
    Layer.UNEXPLAINED: Paint("#f0f2f4", "#21262d", hatched=True),
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
    svg = Svg()
    top = svg.caption(title, caption)
    left = MARGIN + _NAMES
    scale = _Scale(timeline.begin, wall_ns or timeline.wall_ns, left, WIDTH - MARGIN - left)
    lanes = [Lane(name="critical path", pieces=tuple(path)), *lanes_of(timeline)]
    shown = {piece.layer for lane in lanes for piece in lane.pieces if piece.length}
    top = svg.legend(top, [(str(one), PAINTS[one]) for one in Layer if one in shown]) + 12
    _axis(svg, scale, top, top + 18 + sum(map(_height, lanes)))
    top += 10
    for number, lane in enumerate(lanes):
        top = _lane(svg, scale, top, lane, bold=not number) + (0 if number else 8)
    return svg.finish(top + 12, MARKER)


def _axis(svg: Svg, scale: _Scale, top: float, bottom: float) -> None:
    step = _step(scale.wall_ns / 1e9)
    moments = [number * step for number in range(int(scale.wall_ns / 1e9 / step) + 1)]
    for moment, words in zip(moments, seconds_on_axis(moments), strict=True):
        x = scale.x(scale.begin + round(moment * 1e9))
        svg.line(x, top + 4, x, bottom)
        last = x + width_px(words, 11) / 2 > WIDTH - 4
        svg.text(x, top, words, size=11, muted=True, anchor="end" if last else "middle")


def _step(wall_s: float) -> float:
    """A round distance of which three to eight fit."""
    step = 10.0**-6
    for _ in range(12):
        for factor in (1, 2, 5):
            if wall_s / (step * factor) <= _TICKS:
                return step * factor
        step *= 10
    return step


def _lane(svg: Svg, scale: _Scale, top: float, lane: Lane, *, bold: bool = False) -> float:
    height = _height(lane) - _GAP
    left = MARGIN + 12 * lane.depth
    room = MARGIN + _NAMES - left - 8
    note = f" {lane.note}" if lane.note else ""
    name = fitting(lane.name, room - width_px(note)) or lane.name[:3]
    if name:
        svg.text(left, top + min(14.0, height + 2), name, bold=bold)
    if note:
        svg.text(left + width_px(name) + 6, top + 14, note, muted=True)
    for run in _runs(scale, lane.pieces):
        wide = max(run.right - run.left, _NARROW_PX)
        svg.box(
            run.left, top, wide, height, PAINTS[run.layer],
            label="" if lane.thin else run.what, title=run.title(scale),
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
