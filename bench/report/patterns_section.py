"""Shapes besides imports: what they cost in the scenario, and on what grounds something is said."""

from __future__ import annotations

from collections.abc import Iterator

from bench.imports.analysis import Analysis, Pattern
from bench.report.markdown import bullets, code, heading, plain, prose, table
from bench.report.text import seconds

_COLUMNS = ("pattern", "where", "costs", "would save", "resting on")


def patterns_section(analysis: Analysis, level: int) -> Iterator[str]:
    """The section, as Markdown blocks; nothing where nothing was found."""
    worth = [one for one in analysis.patterns if one.pays]
    vain = [one for one in analysis.patterns if not one.pays]
    if worth:
        yield heading(level, "Besides imports")
        yield table(_COLUMNS, [_row(one) for one in worth], numbers=False)
        yield bullets(f"{code(one.where)}: {prose(one.evidence)}. {_change(one)}" for one in worth)
    if vain:
        yield heading(level, "What would not pay")
        yield bullets(
            f"{plain(one.kind)}, {code(one.where)}: {prose(one.evidence)}." for one in vain
        )


def _row(one: Pattern) -> list[str]:
    return [
        plain(one.kind),
        code(one.where),
        _both(one.cost_s, one.cost_bytes),
        _both(one.saving_s, one.saving_bytes) if _has_estimate(one) else "not estimated",
        prose(one.backed_by),
    ]


def _has_estimate(one: Pattern) -> bool:
    return one.saving_s is not None or one.saving_bytes is not None


def _both(taken_s: float | None, size: int | None) -> str:
    parts = []
    if taken_s:
        parts.append(seconds(taken_s))
    if size:
        parts.append(f"{size:,} bytes")
    return ", ".join(parts) or "–"


def _change(one: Pattern) -> str:
    words = prose(one.change)
    return f"{words[:1].upper()}{words[1:]}."
