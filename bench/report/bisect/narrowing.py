"""Where the commit may be, question by question: how probable each one was after each answer."""

from __future__ import annotations

from itertools import pairwise

from bench.explain.bisect.record import BisectionTold
from bench.formats.figure_style import MARKER
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, fitting
from bench.formats.text import share
from bench.report.bisect.decisions import Decision, decisions_of, found_words

_ROW, _GAP, _BRACKET = 16.0, 9.0, 3.0
_NAMES, _LEFT_OVER = 190.0, 150.0
_MOST_CELLS = 180  # narrower ones cannot be seen
# From this probability on, the darkest first; lighter on dark pages means more probable.
_SHADES = (
    (0.5, "50% and more", Paint("#0b4a82", "#79b8ff")),
    (0.1, "10 to 50%", Paint("#1f6fb5", "#388bfd")),
    (0.01, "1 to 10%", Paint("#7fb2dd", "#1f4f8f")),
    (0.001, "0.1 to 1%", Paint("#d3e5f5", "#15294a")),
    (0.0, "less", Paint("#f6f8fa", "#161b22")),
)
_COMPARED = Paint("#c2570c", "#f0883e")


def draw_narrowing(title: str, caption: str, bisection: BisectionTold) -> bytes:
    """A row a question, a cell a commit (or neighbours, where they are many), base on the left."""
    decisions = decisions_of(bisection)
    count = len(bisection.known().shares)
    svg = Svg()
    top = svg.caption(title, caption)
    legend = [(words, paint) for _, words, paint in _SHADES]
    top = svg.legend(top, [*legend, ("compared with each other", _COMPARED)]) + 6
    left, right = MARGIN + _NAMES, WIDTH - MARGIN - _LEFT_OVER
    wide = (right - left) / count
    for number in range(len(decisions) + 1):
        one = decisions[number - 1] if number else None
        middle = top + _ROW / 2 + 4
        svg.text(left - 8, middle, fitting(_asked(number, one), _NAMES - 8), anchor="end")
        _cells(svg, bisection, number, left, top, wide)
        if one is None:
            svg.text(right + 8, middle, "at first", muted=True)
        else:
            start, end = (left + at * wide for at in (one.record.first, one.record.last))
            svg.box(start, top + _ROW + 1, max(end - start, 2.0), _BRACKET, _COMPARED,
                    title=f"{one.first.label}..{one.last.label}: {one.answer}")  # fmt: skip
            svg.text(right + 8, middle, fitting(one.left_words, _LEFT_OVER - 8))
        top += _ROW + _GAP
    svg.text(left, top + 8, "base", muted=True)
    svg.text(right, top + 8, "head", muted=True, anchor="end")
    return svg.finish(top + 8 + MARGIN, MARKER)


def narrowing_words(bisection: BisectionTold) -> str:
    """The same for those who cannot see it."""
    told = ", ".join(f"{one.answer} ({one.left_words} left)" for one in decisions_of(bisection))
    return f"{found_words(bisection)}. Question by question: {told}"


def _asked(number: int, one: Decision | None) -> str:
    if one is None:
        return "before the first question"
    return f"{number}: {one.answer}"


def _cells(
    svg: Svg, bisection: BisectionTold, answers: int, left: float, top: float, wide: float
) -> None:
    """The probabilities after so many answers; neighbours of one shade are one box."""
    shares = bisection.known(answers).shares
    each = -(-len(shares) // _MOST_CELLS)
    sums = [sum(shares[at : at + each]) for at in range(0, len(shares), each)]
    paints = [next(paint for least, _, paint in _SHADES if one >= least) for one in sums]
    changes = [at for at, (one, other) in enumerate(pairwise(paints), 1) if one is not other]
    for first, end in pairwise([0, *changes, len(paints)]):
        last = min(end * each, len(shares))
        width = (last - first * each) * wide
        told = f"{share(sum(shares[first * each : last]))} in {_commits(first * each, last)}"
        svg.box(left + first * each * wide, top, width, _ROW, paints[first], title=told)


def _commits(first: int, end: int) -> str:
    return f"commit {end}" if end - first == 1 else f"commits {first + 1} to {end}"
