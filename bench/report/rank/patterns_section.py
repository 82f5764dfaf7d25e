"""Hot functions and causes besides imports: what they cost, and what the estimates rest on."""

from __future__ import annotations

from collections.abc import Iterator

from bench.core.target import Kind
from bench.explain.rank.ranking import HotFunction, Pattern, Ranking
from bench.formats.markdown import bullets, code, heading, prose, table
from bench.formats.tables import render
from bench.formats.text import seconds, share

_COLUMNS = ("cause", "where", "costs", "would save", "based on")
_HOT_COLUMNS = ("function", "by itself", "with what it calls")
# What is stored as a kind, and what it is called; older documents have kinds that are not made now.
_KINDS = {
    "early exit": "early exit",
    "slots": "no slots",
    "cache": "cache",
    "a new connection for each request": "a new connection for each request",
    "deferring in vain": "deferring would save nothing",
}


def patterns_section(ranking: Ranking, level: int) -> Iterator[str]:
    """The section, as Markdown blocks; nothing where nothing was found."""
    yield from _hot(ranking, level)
    worth, other = _sorted(ranking)
    if worth:
        yield heading(level, "Besides imports" if ranking.modules else "Opportunities")
        yield table(_COLUMNS, [_row(one) for one in worth], numbers=False)
        yield bullets(
            f"{code(one.where)}: {_sentence(one.evidence)} {_sentence(one.change)}" for one in worth
        )
    if other:
        yield heading(level, "What would not pay")
        yield bullets(
            f"{_KINDS[one.kind]}, {code(one.where)}: {prose(one.evidence)}." for one in other
        )


def screen_rows(ranking: Ranking) -> str:
    """What is worth changing, as a table for a screen; "" where there is nothing."""
    worth, _ = _sorted(ranking)
    rows = [[_KINDS[one.kind], one.where, _costs(one), _saves(one)] for one in worth]
    return render(_COLUMNS[:-1], rows, "simple") if rows else ""


def _sorted(ranking: Ranking) -> tuple[list[Pattern], list[Pattern]]:
    known = [one for one in ranking.patterns if one.kind in _KINDS]
    return [one for one in known if one.pays], [one for one in known if not one.pays]


def _hot(ranking: Ranking, level: int) -> Iterator[str]:
    if not ranking.hot:
        return
    whole = "one value" if ranking.scenario.kind is Kind.SCRIPT else "the whole process"
    yield heading(level, "Hot functions")
    yield (
        "By CPU time of their own, C code they call included, from samples, as shares of the "
        f"{seconds(ranking.process_s)} of {whole}. Below the table: what ruff says on performance "
        "in those of the project; hints, without an estimate."
    )
    yield table(
        _HOT_COLUMNS,
        [
            [code(f"{one.module}: {one.name}"), _part(one.own_s, ranking),
             _part(one.whole_s, ranking)]
            for one in ranking.hot
        ],
    )  # fmt: skip
    yield bullets(line for one in ranking.hot for line in _hints(one))


def _hints(one: HotFunction) -> list[str]:
    return [
        f"{code(f'{one.file}:{hint.line}')} in {code(one.name)}: {hint.rule}, {prose(hint.message)}"
        for hint in one.hints
    ]


def _part(taken_s: float, ranking: Ranking) -> str:
    return f"{seconds(taken_s)} ({share(taken_s / ranking.process_s)})"


def _row(one: Pattern) -> list[str]:
    return [_KINDS[one.kind], code(one.where), _costs(one), _saves(one), prose(one.backed_by)]


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


def _sentence(text: str) -> str:
    words = prose(text)
    return f"{words[:1].upper()}{words[1:]}."
