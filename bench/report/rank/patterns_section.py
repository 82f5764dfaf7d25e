"""Shapes besides imports: what they cost in the scenario, and on what grounds something is said."""

from __future__ import annotations

from collections.abc import Iterator

from bench.core.target import Kind
from bench.explain.rank.analysis import Alternative, Analysis, Pattern
from bench.formats.markdown import bullets, code, collapsed, fenced, heading, plain, prose, table
from bench.formats.tables import render
from bench.formats.text import seconds, share

_NOTHING_S = 1e-6
_COLUMNS = ("pattern", "where", "costs", "would save", "resting on")
_HOT_COLUMNS = ("function", "by itself", "with what it calls")
_OTHER_COLUMNS = (
    "instead of", "calls timed", "today", "with it", "its import", "would save", "not timed",
)  # fmt: skip


def patterns_section(analysis: Analysis, level: int) -> Iterator[str]:
    """The section, as Markdown blocks; nothing where nothing was found."""
    yield from _hot(analysis, level)
    worth = [one for one in analysis.patterns if one.pays]
    vain = [one for one in analysis.patterns if not one.pays]
    if worth:
        yield heading(level, "Besides imports" if analysis.modules else "What to change")
        yield table(_COLUMNS, [_row(one) for one in worth], numbers=False)
        if sum(one.is_tried for one in worth) > 1:
            yield "Each was tried by itself: two that spare the same work do not add up."
        yield bullets(f"{code(one.where)}: {prose(one.evidence)}. {_change(one)}" for one in worth)
    for one in worth:
        if one.patch:
            yield collapsed(f"{plain(one.where)}, as it was tried", fenced(one.patch, "diff"))
    yield from _alternatives(analysis, level)
    if vain:
        yield heading(level, "What would not pay")
        yield bullets(_in_vain(one) for one in vain)


def screen_rows(analysis: Analysis) -> str:
    """What is worth changing, as a table for a screen; "" where there is nothing."""
    rows = [
        [one.kind, one.where, _costs(one), _saves(one)] for one in analysis.patterns if one.pays
    ]
    return render(_COLUMNS[:-1], rows, "simple") if rows else ""


def _hot(analysis: Analysis, level: int) -> Iterator[str]:
    if not analysis.hot:
        return
    yield heading(level, "Where the time goes")
    yield (
        "Functions by CPU time of their own, C code they call included, and with all that they "
        f"call; from samples, as shares of the {seconds(analysis.process_s)} of "
        f"{'one value' if analysis.scenario.kind is Kind.SCRIPT else 'the whole process'}."
    )
    rows = [
        [code(f"{one.module}: {one.name}"), *(_part(taken, analysis) for taken in
         (one.own_s, one.whole_s))]
        for one in analysis.hot
    ]  # fmt: skip
    yield table(_HOT_COLUMNS, rows)


def _part(taken_s: float, analysis: Analysis) -> str:
    return f"{seconds(taken_s)} ({share(taken_s / analysis.process_s)})"


def _alternatives(analysis: Analysis, level: int) -> Iterator[str]:
    """Serialisers side by side, on the scenario's own values."""
    rows = [
        _alternative(pattern.where, one)
        for pattern in analysis.patterns
        for one in pattern.alternatives
    ]
    if rows:
        yield heading(level, "Serialisers side by side")
        yield (
            "On the values that the scenario gave them, in CPU time: medians of runs "
            "in turn, in this Python. What another can't do, or does with another result, is not "
            "timed; importing it is taken off."
        )
        yield table(("serialiser", *_OTHER_COLUMNS), rows, numbers=False)


def _alternative(package: str, one: Alternative) -> list[str]:
    if one.problem:
        return [code(one.name), code(package), *["–"] * 5, plain(one.problem)]
    return [
        code(one.name),
        code(package),
        f"{one.calls:,}",
        *(seconds(taken) for taken in (one.was_s, one.takes_s)),
        seconds(one.import_s) if one.import_s else "outside",
        _signed(one.saving_s),
        prose("; ".join(one.reasons)) or "–",
    ]


def _row(one: Pattern) -> list[str]:
    return [plain(one.kind), code(one.where), _costs(one), _saves(one), prose(one.backed_by)]


def _costs(one: Pattern) -> str:
    return _both(one.cost_s, one.cost_bytes)


def _saves(one: Pattern) -> str:
    if one.saving_s is None and one.saving_bytes is None:
        return "not estimated"
    return _both(one.saving_s, one.saving_bytes)


def _both(taken_s: float | None, size: int | None) -> str:
    parts = []
    if taken_s:
        parts.append(seconds(taken_s))
    if size:
        parts.append(f"{size:,} bytes")
    return ", ".join(parts) or "–"


def _signed(saved_s: float) -> str:
    return seconds(saved_s) if saved_s >= 0 else f"{seconds(-saved_s)} more"


def _in_vain(one: Pattern) -> str:
    takes = f" ({seconds(one.cost_s)})" if one.is_tried else ""
    words = f"{plain(one.kind)}, {code(one.where)}{takes}: {prose(one.evidence)}."
    if not one.is_tried:
        return words
    if one.saving_s is None:
        return f"{words} No estimate: {prose(one.backed_by)}."
    saved = f"saves {seconds(one.saving_s)}" if one.saving_s > _NOTHING_S else "saves nothing"
    return f"{words} {_change(one)} Tried, it {saved} ({prose(one.backed_by)})."


def _change(one: Pattern) -> str:
    words = prose(one.change)
    return f"{words[:1].upper()}{words[1:]}."
