"""Beside a branch what Python's own lazy imports give, on Pythons that have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.explain.optimize.record import Gain, LazySwitchRecord, Optimization
from bench.formats.markdown import code, heading, prose, table
from bench.formats.text import before_after, change, confidence, magnitude
from bench.report.optimize.pull_request import change_words

SWITCH = "PYTHON_LAZY_IMPORTS=all"
_SCENARIO, _BRANCH, _UNCHANGED, _OWN = "scenario", "the branch", "unchanged, all lazy", "eager twin"


def switch_words(optimization: Optimization) -> str:
    """For the first paragraph: what anybody gets without a change; "" where that is not known."""
    switch = optimization.lazy_switch
    ratios = (
        sorted(one.interval.ratio for one in switch.everything if one.interval) if switch else []
    )
    if not ratios:
        return ""
    ends = dict.fromkeys(magnitude(one) for one in (ratios[-1], ratios[0]))
    return f"Without a change, with {code(SWITCH)}: {' to '.join(ends)}."


def lazy_section(optimization: Optimization) -> Iterator[str]:
    """A table of both, and what they are."""
    switch = optimization.lazy_switch
    if switch is None:
        return
    yield heading(2, "Beside Python's own lazy imports")
    yield (
        f"*Unchanged, all lazy*: the revision as it is, with {code(SWITCH)} (or "
        f"{code('-X lazy_imports=all')}). It needs no commit, and defers the imports of "
        "dependencies and of the standard library too, to where something is used; whoever starts "
        "the program has to set it, and nothing but these scenarios was tried with it."
        + (
            " *Eager twin*: the branch, beside itself with a filter that makes each import of the "
            "project eager: what its lazy imports save by themselves."
            if switch.own
            else ""
        )
    )
    yield _table(optimization, switch)
    yield (
        f"Both sides of a comparison ran side by side. Intervals have {confidence(switch.alpha)} "
        "each; there are no verdicts."
    )


def _table(optimization: Optimization, switch: LazySwitchRecord) -> str:
    branch = _by_key(optimization.whole.gains if optimization.whole else ())
    own, words = _by_key(switch.own), optimization.asked.words
    rows = []
    for one in switch.everything:
        key = one.scenario, one.python
        row = [f"{code(words.get(one.scenario, one.scenario))}, {one.python}"]
        row += [_cell(branch.get(key)), _cell(one)]
        rows.append([*row, _cell(own.get(key))] if switch.own else row)
    columns = [_SCENARIO, _BRANCH, _UNCHANGED]
    return table([*columns, _OWN] if switch.own else columns, rows)


def _by_key(gains: Sequence[Gain]) -> Mapping[tuple[str, str], Gain]:
    return {(one.scenario, one.python): one for one in gains}


def _cell(gain: Gain | None) -> str:
    if gain is None:
        return "–"
    if gain.reason:
        return prose(gain.reason)
    return f"{before_after(gain.base_s, gain.head_s)}, {change_words(gain)}"


def switch_lines(optimization: Optimization) -> list[str]:
    """The same for a screen."""
    switch = optimization.lazy_switch
    if switch is None:
        return []
    found = []
    for title, gains in (
        (f"Unchanged, with {SWITCH}:", switch.everything),
        ("The branch against itself with eager imports:", switch.own),
    ):
        told = [
            f"  {one.scenario}, Python {one.python}: "
            + (one.reason or f"{before_after(one.base_s, one.head_s)}, {change(one.interval)}")
            for one in gains
        ]
        found += [title, *told] if told else []
    return found
