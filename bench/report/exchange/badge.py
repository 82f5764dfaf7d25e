"""A badge: the last pair of a target in a few words, as a small picture for a README."""

from __future__ import annotations

import html
from collections.abc import Sequence

from bench.formats.figure_style import FONTS, MARKER, SMALL_PT, width_in
from bench.report.pair.badge_words import badge_words
from bench.report.select_runs import Shown
from bench.report.summaries import PairBadge

_HEIGHT, _ROOM, _BASELINE = 20, 7, 14
_PX_PER_IN = 96.0
_LABEL = "#444c56"
# Light text has a contrast of 4.5 and more on each.
_COLOURS = {"worse": "#b34700", "better": "#0860c4", "even": "#57606a"}


def badge(shown: Sequence[Shown]) -> str:
    """An SVG of the runs of a pair on a machine: what broke or got slower goes first."""
    return drawn(badge_words(shown))


def drawn(badge: PairBadge) -> str:
    """The picture."""
    label, message, colour = badge.label, badge.words, _COLOURS[badge.kind]
    left, right = (width_in(text, SMALL_PT) * _PX_PER_IN + 2 * _ROOM for text in (label, message))
    whole = left + right
    told = html.escape(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="{_HEIGHT}" '
        f'role="img" aria-label="{told}">\n<!-- {MARKER} -->\n<title>{told}</title>\n'
        f'<clipPath id="r"><rect width="{whole:.0f}" height="{_HEIGHT}" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#r)"><rect width="{left:.1f}" height="{_HEIGHT}" fill="{_LABEL}"/>'
        f'<rect x="{left:.1f}" width="{right:.1f}" height="{_HEIGHT}" fill="{colour}"/>'
        f'</g>\n<g fill="#ffffff" font-family="{FONTS}" font-size="11">\n'
        f"{_text(label, _ROOM, left)}\n{_text(message, left + _ROOM, right)}\n</g>\n</svg>\n"
    )


def _text(words: str, at: float, room: float) -> str:
    """Text as wide as it was measured, whatever font the reader has."""
    length = room - 2 * _ROOM
    return (
        f'<text x="{at:.1f}" y="{_BASELINE}" textLength="{length:.1f}">{html.escape(words)}</text>'
    )
