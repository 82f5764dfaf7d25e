"""The picture of a stack: one bar a side, as long as the command took, divided into its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.explain.trace.path import Layer
from bench.explain.trace.picture import PAINTS
from bench.formats.figure_style import MARKER
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, width_px
from bench.formats.text import seconds

_NAMES, _TOTALS = 130.0, 70.0
_BAR, _GAP = 34.0, 14.0
# As in a trace's timeline; what children do is the same, but paler.
STACK_PAINTS = {
    "CLI start": PAINTS[Layer.INTERPRETER_START],
    "CLI imports": PAINTS[Layer.IMPORTS],
    "analysis and own code": PAINTS[Layer.OWN_CODE],
    "serialisation": PAINTS[Layer.SERIALISATION],
    "HTTP, client and wire": PAINTS[Layer.HTTP_WIRE],
    "simulated latency": PAINTS[Layer.SIMULATED],
    "service": PAINTS[Layer.SERVICE],
    "subprocesses: start": Paint("#e3c7a4"),
    "subprocesses: imports": Paint("#fae0b3"),
    "subprocesses: their work": Paint("#cfe2f5"),
    "waiting": PAINTS[Layer.WAITING],
    "waiting for a CPU": PAINTS[Layer.FOR_CPU],
    "interpreter finalisation": PAINTS[Layer.EXIT],
    "unexplained": PAINTS[Layer.UNEXPLAINED],
}


@dataclass(frozen=True)
class StackBar:
    """A side on a Python: its name, and seconds by layer in the order they are drawn."""

    label: str
    parts: tuple[tuple[str, float], ...]

    @property
    def total_s(self) -> float:
        """Its length."""
        return sum(length for _, length in self.parts)


def draw_stack(title: str, caption: str, bars: Sequence[StackBar]) -> bytes:
    """Draw the bars on one scale, below the names of the layers that can be seen."""
    longest = max(bar.total_s for bar in bars)
    svg = Svg()
    shown = [name for name in STACK_PAINTS if any(_is_seen(bar, name, longest) for bar in bars)]
    top = svg.caption(title, caption)
    top = svg.legend(top, [(name, STACK_PAINTS[name]) for name in shown]) + 4
    left = MARGIN + _NAMES
    px_per_s = (WIDTH - MARGIN - _TOTALS - left) / longest
    for bar in bars:
        middle = top + _BAR / 2 + 4
        svg.text(left - 8, middle, bar.label, anchor="end")
        at = left
        for name, length in bar.parts:
            width = length * px_per_s
            label = seconds(length)
            fits = width_px(label) + 6 <= width
            svg.box(at, top, width, _BAR, STACK_PAINTS[name], label=label if fits else "",
                    title=f"{name}: {label}")  # fmt: skip
            at += width
        svg.text(at + 8, middle, seconds(bar.total_s), bold=True)
        top += _BAR + _GAP
    return svg.finish(top, MARKER)


def _is_seen(bar: StackBar, name: str, longest: float) -> bool:
    return any(part == name and length > longest / 500 for part, length in bar.parts)
