"""One pair on several Pythons: the figures side by side, and where the effect is another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.result import Result
from bench.formats.markdown import table
from bench.formats.tables import result_rows
from bench.formats.text import change, is_bounded, joined
from bench.report.select_runs import Evaluated


def side_by_side(shown: Sequence[Evaluated]) -> str:
    """All Pythons in one table."""
    by_name: dict[str, dict[str, list[str]]] = {}
    for one in shown:
        for result, row in zip(
            one.evaluation.results, result_rows(one.evaluation, one.mei), strict=True
        ):
            by_name.setdefault(result.name, {})[one.python] = row[3:5]
    columns = ["benchmark"]
    pythons = list(dict.fromkeys(one.python for one in shown))
    for python in pythons:
        columns += [f"{python}: change", f"{python}: verdict"]
    rows = [
        [
            name,
            *(cell for python in pythons for cell in cells.get(python, ["–", "not in this run"])),
        ]
        for name, cells in by_name.items()
    ]
    return table(columns, rows)


def differing_effects(shown: Sequence[Evaluated]) -> list[str]:
    """A sentence for each benchmark whose effect is not the same on all Pythons.

    It is another one where the intervals of two Pythons do not overlap. Each interval holds its
    own ratio with 95% or more, so two of one and the same ratio miss each other in less than 5%
    of cases, by far for most widths.
    """
    by_name: dict[str, list[tuple[str, Result]]] = {}
    for one in shown:
        for result in one.results:
            if result.size is not None and is_bounded(result.size.interval):
                by_name.setdefault(result.name, []).append((one.python, result))
    return [_sentence(name, found) for name, found in by_name.items() if _differs(found)]


def _differs(found: Sequence[tuple[str, Result]]) -> bool:
    intervals = [result.size.interval for _, result in found if result.size is not None]
    return max(one.low for one in intervals) > min(one.high for one in intervals)


def _sentence(name: str, found: Sequence[tuple[str, Result]]) -> str:
    return f"`{name}`: {joined(list(_figures(found)))}."


def _figures(found: Sequence[tuple[str, Result]]) -> Iterator[str]:
    for python, result in found:
        if result.size is not None:
            yield f"{change(result.size.interval)} on Python {python}"
