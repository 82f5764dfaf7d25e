"""From the base's time to the head's: each part's contribution below the one before it."""

from __future__ import annotations

from bench.formats.figure_style import MARKER
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, fitting
from bench.formats.text import before_after, change, seconds
from bench.report.attribute.contributions import Contribution, Contributions, levels_of

_BAR, _GAP = 22.0, 8.0
_NAMES, _FIGURES = 330.0, 170.0
_ENDS = Paint("#6e7781", "#8b949e")
_REMAINS = Paint("#e1e4e8", "#30363d")
_FASTER = Paint("#1f6fb5", "#388bfd")
_SLOWER = Paint("#c2570c", hatched=True)
_OTHER = Paint("#9a6700", "#bb8009")
_DETOUR = Paint("#b6a5d8", "#6e5494")
_INTERVAL = Paint("#1f2328", "#e6edf3")


def draw_waterfall(title: str, caption: str, one: Contributions) -> bytes:
    """A bar a part: what it takes off or adds; the last is the head as it was measured."""
    levels = levels_of(one)
    base_s = levels[0]
    svg = Svg()
    top = svg.caption(title, caption)
    shown = {_paint(part) for part in one.parts}
    meanings = (
        ("faster by the commit", _FASTER), ("slower by the commit", _SLOWER), ("not named", _OTHER),
        ("to or from the branch of a merge", _DETOUR), ("what remains", _REMAINS),
        ("measured", _ENDS), ("interval", _INTERVAL),
    )  # fmt: skip
    always = {_REMAINS, _ENDS, _INTERVAL}
    top = svg.legend(top, [one for one in meanings if one[1] in shown | always]) + 6
    left = MARGIN + _NAMES
    scale = (WIDTH - MARGIN - _FIGURES - left) / max(levels)
    top = _end(svg, top, left, base_s * scale, f"base: {seconds(base_s)}")
    for part, before_s, after_s in zip(one.parts, levels, levels[1:], strict=False):
        low, high = sorted((before_s, after_s))
        middle = top + _BAR / 2
        svg.box(left, top, low * scale, _BAR, _REMAINS, title=seconds(low))
        if part.interval is not None:
            svg.box(left + low * scale, top, max((high - low) * scale, 1.0), _BAR, _paint(part),
                    title=f"{part.label}: {part.words}")  # fmt: skip
            lowest, highest = before_s * part.interval.low, before_s * part.interval.high
            svg.box(left + lowest * scale, middle - 1, max((highest - lowest) * scale, 1.0), 2,
                    _INTERVAL, title=part.words)  # fmt: skip
        svg.text(left - 8, middle + 4, fitting(_name(part), _NAMES - 8), anchor="end")
        words = fitting(part.words, _FIGURES - 8)
        svg.text(WIDTH - MARGIN, middle + 4, words, anchor="end")
        top += _BAR + _GAP
    gain = one.whole.gain if one.whole else None
    after_s = (gain.head_s if gain else None) or levels[-1]
    top = _end(svg, top, left, after_s * scale, f"head: {seconds(after_s)}")
    return svg.finish(top + MARGIN, MARKER)


def picture_words(one: Contributions) -> str:
    """The same for those who cannot see it."""
    gain = one.whole.gain if one.whole else None
    ends = before_after(gain.base_s, gain.head_s) if gain else ""
    told = ", ".join(f"{_name(part)} {change(part.interval)}" for part in one.steps[:6])
    return f"{one.scenario}: {ends}; {told or 'no commit is named'}"


def _paint(part: Contribution) -> Paint:
    if part.detour:
        return _DETOUR
    if not part.is_step or part.interval is None:
        return _OTHER
    return _FASTER if part.interval.ratio < 1 else _SLOWER


def _name(part: Contribution) -> str:
    if len(part.commits) > 1:
        return f"{len(part.commits)} commits together"
    return part.detour or f"{part.commits[0].revision.label[:7]} {part.subject}"


def _end(svg: Svg, top: float, left: float, width: float, words: str) -> float:
    svg.box(left, top, width, _BAR, _ENDS, title=words)
    svg.text(left - 8, top + _BAR / 2 + 4, words, anchor="end", bold=True)
    return top + _BAR + _GAP
