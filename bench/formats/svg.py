"""A small SVG writer: boxes with labels that fit, and titles that show on pointing.

Pictures are drawn for the width at which a page on GitHub shows them, so that text keeps its size.
Text stays text, in fonts that have the widths of the one it is measured with. Words, background and
lines follow the reader's colour scheme.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import NamedTuple

from bench.formats.figure_style import width_in

WIDTH = 860.0
MARGIN = 14.0
FONT = "DejaVu Sans, Verdana, Geneva, sans-serif"
FONT_PX = 12.0
_PADDING_PX = 3.0
_BOLD = 1.12  # bold letters are so much wider
_DARK, _LIGHT = "#1f2328", "#ffffff"
_STYLE = (
    "text,.ink{{fill:{ink}}}.muted{{fill:{muted}}}.grid{{stroke:{grid};stroke-dasharray:4 3}}"
    ".card{{fill:{card};stroke:{rule}}}g rect{{stroke:{card};stroke-width:.6}}"
)
_SCHEMES = {
    "light": {
        "ink": _DARK, "muted": "#59636e", "grid": "#d1d9e0", "card": _LIGHT, "rule": "#d1d9e0",
    },
    "dark": {
        "ink": "#e6edf3", "muted": "#9198a1", "grid": "#3d444d", "card": "#0d1117",
        "rule": "#3d444d",
    },
}  # fmt: skip


class Paint(NamedTuple):
    """The fill of a box on a light page, and on a dark one where it differs; maybe hatched."""

    light: str
    dark: str = ""
    hatched: bool = False


class Svg:
    """A picture that grows downwards; all places are pixels."""

    def __init__(self, width: float = WIDTH) -> None:
        self.width = width
        self._parts: list[str] = []
        self._paints: dict[Paint, str] = {}

    def box(
        self, left: float, top: float, width: float, height: float, paint: Paint, *,
        label: str = "", title: str = "",
    ) -> None:  # fmt: skip
        """A filled box with as much of the label as fits, and a title that shows on pointing."""
        name = self._paints.setdefault(paint, f"p{len(self._paints)}")
        shown = fitting(label, width - 2 * _PADDING_PX)
        words = ""
        if shown:
            words = (
                f'<text x="{left + _PADDING_PX:.1f}" y="{top + height / 2 + 4:.1f}">'
                f"{escape(shown, quote=False)}</text>"
            )
        told = f"<title>{escape(title, quote=False)}</title>" if title else ""
        self._parts.append(
            f'<g class="{name}">{told}<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"/>{words}</g>'
        )

    def text(
        self, left: float, baseline: float, words: str, *, size: float = FONT_PX,
        muted: bool = False, bold: bool = False, anchor: str = "start",
    ) -> None:  # fmt: skip
        """A line of words."""
        style = f' font-size="{size:g}"' if size != FONT_PX else ""
        style += ' class="muted"' if muted else ""
        style += ' font-weight="bold"' if bold else ""
        style += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(
            f'<text x="{left:.1f}" y="{baseline:.1f}"{style}>{escape(words, quote=False)}</text>'
        )

    def caption(self, title: str, subtitle: str) -> float:
        """What the picture shows, above everything else; returns the next free place."""
        room = self.width - 2 * MARGIN
        baseline = 12.0
        for line in wrapped_to(title, room, 15.0 * _BOLD):
            baseline += 18
            self.text(MARGIN, baseline, line, size=15, bold=True)
        for line in wrapped_to(subtitle, room):
            baseline += 17
            self.text(MARGIN, baseline, line, muted=True)
        return baseline + 12

    def legend(self, top: float, entries: list[tuple[str, Paint]]) -> float:
        """Fills and what they mean, on as many lines as they need; returns the next free place."""
        left = MARGIN
        for words, paint in entries:
            width = 17 + width_px(words) + 16
            if left > MARGIN and left + width > self.width - MARGIN:
                left, top = MARGIN, top + 18
            self.box(left, top, 12, 12, paint)
            self.text(left + 17, top + 10, words)
            left += width
        return top + 22

    def line(self, left: float, top: float, right: float, bottom: float) -> None:
        """A thin dashed line."""
        self._parts.append(
            f'<line class="grid" x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" '
            f'y2="{bottom:.1f}"/>'
        )

    def finish(self, height: float, marker: str) -> bytes:
        """The whole file."""
        size = f'width="{self.width:.0f}" height="{height:.0f}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {self.width:.0f} {height:.0f}" '
            f'font-family="{FONT}" font-size="{FONT_PX:g}">'
        )
        card = (
            f'<rect class="card" x="0.5" y="0.5" width="{self.width - 1:.0f}" '
            f'height="{height - 1:.0f}" rx="8"/>'
        )
        dark = f"@media(prefers-color-scheme:dark){{{self._style('dark')}}}"
        style = f"<style>{self._style('light')}\n{dark}</style>"
        return "\n".join(
            (head, f"<desc>{escape(marker)}</desc>", style,
             *(_pattern(name) for paint, name in self._paints.items() if paint.hatched), card,
             *self._parts, "</svg>\n")
        ).encode()  # fmt: skip

    def _style(self, scheme: str) -> str:
        rules = [_STYLE.format(**_SCHEMES[scheme])]
        for paint, name in self._paints.items():
            fill = paint.dark if scheme == "dark" and paint.dark else paint.light
            ink = _ink_on(fill)
            rules.append(f".{name} text{{fill:{ink}}}#{name} rect,.{name} rect{{fill:{fill}}}")
            if paint.hatched:
                rules.append(f".{name} rect{{fill:url(#{name})}}#{name} path{{stroke:{ink}}}")
        return "".join(rules)


def _pattern(name: str) -> str:
    return (
        f'<pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect x="0" y="0" width="7" height="7"/>'
        f'<path d="M0 0V7" stroke-width="2" stroke-opacity=".3"/></pattern>'
    )


def _ink_on(fill: str) -> str:
    """Dark words on a light fill, light ones on a dark one: by what contrasts more (WCAG 2)."""
    channels = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return _DARK if luminance > 0.19 else _LIGHT


def wrapped_to(words: str, room_px: float, size: float = FONT_PX) -> list[str]:
    """Lines that are no wider than the room, broken between words."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_px(longer, size) <= room_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return [fitting(line, room_px * FONT_PX / size) for line in lines]


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
