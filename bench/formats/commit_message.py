"""The message of a commit that changes how fast something is: figures, and how to get them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.formats.text import confidence

WIDTH = 72


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A line of the figures: what was measured, on which Python, before and after, the change.

    `ratio` is that of after to before, None where there is none; the lowest stands first.
    """

    name: str
    python: str
    before_after: str
    change: str
    ratio: float | None = None


def subject(title: str) -> str:
    """The first line."""
    return f"perf: {title}"


def commit_message(title: str, paragraphs: Iterable[str]) -> str:
    """The subject, and below it the paragraphs that say something."""
    return "\n\n".join([subject(title), *filter(None, paragraphs)]) + "\n"


def filled(words: str) -> str:
    """A paragraph in the width of a message."""
    return textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)


def figures_paragraphs(what: str, figures: Sequence[Figure], alpha: float) -> tuple[str, str]:
    """The figures, what became faster first; `alpha` is the error rate of each interval."""
    ordered = sorted(figures, key=lambda one: (one.ratio or 9, one.python))
    rows = [(one.name, one.python, one.before_after, one.change) for one in ordered]
    return (
        f"{what}, medians, before -> after, with {confidence(alpha)} intervals:",
        in_columns(rows),
    )


def command_paragraph(start: Sequence[str], options: Iterable[str]) -> str:
    """The command that measures it again, broken between its options."""
    words = textwrap.fill(
        " ".join([*start, *options]),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"Measured with:\n{words}"


def in_columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Lines in columns; what does not fit goes on below itself."""
    *before, _last = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for *cells, last in rows:
        start = "  ".join(["", *(c.ljust(width) for c, width in zip(cells, before, strict=True))])
        indent = " " * (len(start) + 2)
        lines.append(
            textwrap.fill(last, WIDTH, initial_indent=f"{start}  ", subsequent_indent=indent)
        )
    return "\n".join(lines)
