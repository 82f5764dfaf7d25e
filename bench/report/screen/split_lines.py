"""A split change on the screen: a line a benchmark, marks in place of verdicts in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from bench.core.result import Result
from bench.engine.split import Split
from bench.formats.tables import render
from bench.report.pair.split_section import changes_words, columns
from bench.report.screen.lines import MARKS, WIDTH, short_change


def split_lines(split: Split) -> Iterator[Text]:
    """What the change is made of: in all, the project's own part, and that of packages."""
    title = f"What the change is made of, Python {split.own.whole_python}"
    for line in textwrap.wrap(f"{title}: {changes_words(split.changes)}", WIDTH):
        yield Text(line, style="bold")
    rows = [
        [one.name, short_change(one.whole), _cell(one.own), _cell(one.packages)]
        for one in split.parts
    ]
    for line in render(columns(split), rows, "plain", align="left").splitlines():
        yield Text(f"  {line.rstrip()}")


def _cell(result: Result) -> str:
    mark, _ = MARKS[result.verdict]
    return f"{mark} {short_change(result.size.interval if result.size else None)}"
