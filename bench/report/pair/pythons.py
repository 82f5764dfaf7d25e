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
    of cases, by far for most widths. Runs with different dependencies say nothing of Pythons.
    """
    if different_dependencies(shown):
        return {}
    by_name: dict[str, list[tuple[str, Result]]] = {}
    for one in shown:
        for result in one.results:
            decided = result.verdict not in {None, Verdict.UNDECIDED}
            if decided and result.size is not None and is_bounded(result.size.interval):
                by_name.setdefault(result.name, []).append((one.python, result))
    return {name: _sentence(name, found) for name, found in by_name.items() if _differs(found)}


def different_dependencies(shown: Sequence[Evaluated]) -> str:
    """How the dependencies of these runs were chosen, by Python; "" where it was one way."""
    ways = dict.fromkeys((one.python, one.run.manifest.options.dependencies) for one in shown)
    if len({way for _, way in ways}) < 2:
        return ""
    return joined([f"`--deps {way}` on Python {python}" for python, way in ways])


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
