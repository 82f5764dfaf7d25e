"""A small SVG writer: boxes with labels that fit, words, and titles for whoever points at them.

Unlike the report's charts these pictures hold hundreds of labels, so text stays text; the fonts
asked for have the widths of the one it is measured with.
"""

from __future__ import annotations

from functools import cache
from html import escape

from bench.formats.figure_style import CARD, INK, MUTED, RULE, width_in

FONT = "DejaVu Sans, Verdana, Geneva, sans-serif"
FONT_PX = 11.0
_PADDING_PX = 3.0


class Svg:
    """A picture that grows downwards; `width` and all places are pixels."""

    def __init__(self, width: float) -> None:
        self.width = width
        self._parts: list[str] = []

    def box(
        self, left: float, top: float, width: float, height: float, fill: str, *,
        label: str = "", title: str = "", ink: str = INK,
    ) -> None:  # fmt: skip
        """A filled box with as much of the label as fits, and a title that shows on pointing."""
        rectangle = (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{fill}" stroke="{CARD}" stroke-width="0.6"/>'
        )
        shown = fitting(label, width - 2 * _PADDING_PX)
        words = ""
        if shown:
            words = (
                f'<text x="{left + _PADDING_PX:.1f}" y="{top + height - 5:.1f}" fill="{ink}">'
                f"{escape(shown, quote=False)}</text>"
            )
        told = f"<title>{escape(title, quote=False)}</title>" if title else ""
        self._parts.append(f"<g>{told}{rectangle}{words}</g>" if told or words else rectangle)

    def text(
        self, left: float, baseline: float, words: str, *, size: float = FONT_PX,
        fill: str = INK, bold: bool = False, anchor: str = "start",
    ) -> None:  # fmt: skip
        """A line of words."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{left:.1f}" y="{baseline:.1f}" font-size="{size:g}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}>{escape(words, quote=False)}</text>'
        )

    def line(self, left: float, top: float, right: float, bottom: float, stroke: str) -> None:
        """A thin dashed line."""
        self._parts.append(
            f'<line x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" y2="{bottom:.1f}" '
            f'stroke="{stroke}" stroke-dasharray="4 3"/>'
        )

    def finish(self, height: float, marker: str) -> bytes:
        """The whole file."""
        size = f'width="{self.width:.0f}" height="{height:.0f}"'
        view = f'viewBox="0 0 {self.width:.0f} {height:.0f}"'
        card = (
            f'<rect x="0.5" y="0.5" width="{self.width - 1:.0f}" height="{height - 1:.0f}" rx="8" '
            f'fill="{CARD}" stroke="{RULE}"/>'
        )
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} '
            f'font-family="{FONT}" font-size="{FONT_PX:g}">'
        )
        return "\n".join(
            (head, f"<desc>{escape(marker)}</desc>", card, *self._parts, "</svg>\n")
        ).encode()


def fitting(words: str, room_px: float) -> str:
    """As much of some words as fits, with an ellipsis where some are cut; "" where none fit."""
    if width_px(words) <= room_px:
        return words
    room_px -= width_px("…")
    kept, used = 0, 0.0
    for letter in words:
        used += width_px(letter)
        if used > room_px:
            break
        kept += 1
    return f"{words[:kept]}…" if kept >= 3 else ""


def width_px(words: str, size: float = FONT_PX) -> float:
    """How wide a line is, from the widths of its letters."""
    return sum(_advance(letter) for letter in words) * size / FONT_PX


@cache
def _advance(letter: str) -> float:
    """A letter's width including the space around it: measured between two that have a width."""
    return (width_in(f"|{letter}|", FONT_PX) - width_in("||", FONT_PX)) * 72


__all__ = ["FONT_PX", "MUTED", "Svg", "fitting", "width_px"]
