"""One pair on several Pythons: where the effect is another one."""

from __future__ import annotations

from collections.abc import Sequence

from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.formats.text import change, is_bounded, joined
from bench.report.select_runs import Evaluated


def differing_effects(shown: Sequence[Evaluated]) -> dict[str, str]:
    """By name, a sentence on each decided benchmark whose effect differs between Pythons.

    It differs where the intervals of two Pythons do not overlap. Each interval holds its
    own ratio with 95% or more, so two of one and the same ratio miss each other in less than 5%
    of cases, by far for most widths. All runs must have chosen dependencies in one way: others say
    nothing of Pythons.
    """
    by_name: dict[str, list[tuple[str, Result]]] = {}
    for one in shown:
        for result in one.results:
            decided = result.verdict not in {None, Verdict.UNDECIDED}
            if decided and result.size is not None and is_bounded(result.size.interval):
                by_name.setdefault(result.name, []).append((one.python, result))
    return {name: _sentence(name, found) for name, found in by_name.items() if _differs(found)}


def _differs(found: Sequence[tuple[str, Result]]) -> bool:
    intervals = [result.size.interval for _, result in found if result.size is not None]
    return max(one.low for one in intervals) > min(one.high for one in intervals)


def _sentence(name: str, found: Sequence[tuple[str, Result]]) -> str:
    figures = [
        f"{change(result.size.interval)} on Python {python}"
        for python, result in found
        if result.size is not None
    ]
    return f"`{name}`: {joined(figures)}."
