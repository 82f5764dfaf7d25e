"""A pair on one machine in at most 12 lines of Markdown: for a job's summary or a comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.core.result import Memory, Result
from bench.core.revision import Pair
from bench.core.target import READ
from bench.core.variants import python_order
from bench.core.verdict import Verdict
from bench.formats.markdown import code, document, link, plain, table
from bench.formats.text import change, change_of, counted, figures, joined, verdict_words
from bench.report.pair.conditions import load_words
from bench.report.pair.control import doubtful_mark
from bench.report.pair.gate_section import gate_mark
from bench.report.pair.headline import OnPythons, by_benchmark, range_words, revision_words
from bench.report.pair.memory_words import memory_size
from bench.report.pair.notes import dependency_changes
from bench.report.select_runs import OnMachine, Shown

MOST_LINES = 12
_MOST_ROWS = 6  # beside the sentence, the table's head, the last line and two blank ones
_WITH_FIGURES = 2  # Pythons of which before and after find room beside the change
# The worst first: what a benchmark is counted as, and where its row stands.
_ORDER = (
    Verdict.BROKEN, Verdict.SLOWER, Verdict.MORE_MEMORY, Verdict.FASTER, Verdict.LESS_MEMORY,
    Verdict.UNDECIDED, Verdict.BELOW_MEI, Verdict.SAME, None,
)  # fmt: skip
_BAD = (Verdict.BROKEN, Verdict.SLOWER, Verdict.MORE_MEMORY)
_TOLD = (*_BAD, Verdict.FASTER, Verdict.LESS_MEMORY)
_WORDS: dict[Verdict | None, str] = {
    Verdict.BROKEN: "🔴 **{} broken**",
    Verdict.SLOWER: "**{} slower**",
    Verdict.MORE_MEMORY: "**{} with more memory**",
    Verdict.LESS_MEMORY: "{} with less memory",
    Verdict.BELOW_MEI: "{} changed by less than matters",
    None: "{} not measured",
}


def brief(target: str, pair: Pair, on: OnMachine, where: str = "") -> str:
    """One sentence with counts, the changed benchmarks, the suite's number and the conditions.

    `where` is a link to more, in Markdown.
    """
    found = by_benchmark(on.shown, lambda _result: True)
    changed = sorted((one for one in found if _kind(one) in _TOLD), key=_rank)
    names = f"{revision_words(pair.base)} → {revision_words(pair.head)}"
    title = f"**{plain(f'{target.removesuffix(READ)} {names}')}:** {_sentence(found, on.shown)}"
    return document((title, _table(changed), " · ".join(_last(on, where))))


def _kind(one: OnPythons) -> Verdict | None:
    """The worst that can be said of a benchmark, of its memory too, on any Python."""
    said = {verdict for result in one.results.values() for verdict in _verdicts(result)}
    return next((verdict for verdict in _ORDER if verdict in said), None)


def _verdicts(result: Result) -> Iterator[Verdict | None]:
    yield result.verdict
    if result.memory and result.memory.is_told:
        yield result.memory.verdict


def _rank(one: OnPythons) -> tuple[int, float]:
    """By what it is counted as, and the largest change first."""
    ratios = [one.size.interval.ratio for one in one.results.values() if one.size]
    return _ORDER.index(_kind(one)), -_largest(ratios)


def _largest(ratios: Sequence[float]) -> float:
    """The change that is the farthest from none, as a ratio from 1 on."""
    return max((max(ratio, 1 / ratio) for ratio in ratios if ratio > 0), default=1.0)


def _sentence(found: Sequence[OnPythons], runs: Sequence[Shown]) -> str:
    """`**1 of 10 benchmarks slower** (+4.2%), 9 same; 2 take less memory`, and what goes first."""
    marks = [f"**{mark}**" for one in runs for mark in _marks(one)]
    counts = Counter(map(_kind, found))
    of = f" of {len(found)} benchmark{'' if len(found) == 1 else 's'}"
    words = []
    for kind in _ORDER:
        if counts[kind]:
            words.append(_counted(kind, f"{counts[kind]}{of}", found))
            of = ""
    changed = "" if any(counts[kind] for kind in _TOLD) else "nothing changed: "
    said = f"{changed}{', '.join(words) or 'no benchmarks'}{_memory(found)}"
    return ". ".join([*dict.fromkeys(marks), said]) + "."


def _memory(found: Sequence[OnPythons]) -> str:
    """How many of those that are counted by their time take more or less memory."""
    said = Counter(
        kind
        for one in found
        for kind in (Verdict.MORE_MEMORY, Verdict.LESS_MEMORY)
        if kind is not _kind(one) and any(kind in _verdicts(each) for each in one.results.values())
    )
    words = [f"{said[kind]} with {kind}" for kind in said]
    return f"; {joined(words)}" if words else ""


def _marks(one: Shown) -> Iterator[str]:
    yield from filter(None, (gate_mark(one.run), doubtful_mark(one.evaluation)))
    if not one.is_complete:
        yield f"The run on {one.name} is not complete"


def _counted(kind: Verdict | None, number: str, found: Sequence[OnPythons]) -> str:
    """How many are counted as this; of what is faster, by how much."""
    words = _WORDS.get(kind, f"{{}} {kind}").format(number)
    if kind not in {Verdict.FASTER, Verdict.SLOWER}:
        return words
    results = [
        result for one in found if _kind(one) is kind for result in one.having(kind).values()
    ]
    return f"{words} ({range_words(results)})"


def _table(changed: Sequence[OnPythons]) -> str:
    if not changed:
        return ""
    pythons = sorted({python for one in changed for python in one.results}, key=python_order)
    memory = ["peak memory"] if any(map(_told, changed)) else []
    heads = ["change (interval)"] if len(pythons) == 1 else pythons
    rows = [_row(one, pythons, with_memory=bool(memory)) for one in changed]
    if len(rows) > _MOST_ROWS:
        left = Counter(map(_kind, changed[_MOST_ROWS - 1 :]))
        words = ", ".join(f"{left[kind]} {kind}" for kind in _ORDER if left[kind])
        blank = [""] * len((*heads, *memory))
        rows = [*rows[: _MOST_ROWS - 1], [f"and {left.total()} more", *blank, words]]
    return table(("benchmark", *heads, *memory, "verdict"), rows)


def _row(one: OnPythons, pythons: Sequence[str], *, with_memory: bool) -> list[str]:
    cells = [_change(one.results.get(python), len(pythons)) for python in pythons]
    memory = [memory_size(_told(one)) or "–"] if with_memory else []
    return [code(one.name), *cells, *memory, _said(one)]


def _told(one: OnPythons) -> list[Memory]:
    """Its memory where that changed beside its time, the smallest change first."""
    results = [each for each in one.results.values() if not each.is_of_memory]
    found = [each.memory for each in results if each.memory and each.memory.is_told]
    return sorted(found, key=lambda memory: _largest([memory.interval.ratio]))


def _said(one: OnPythons) -> str:
    """The verdict, on each Python where they differ."""
    said = {python: _words_of(result) for python, result in one.results.items()}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return ", ".join(f"{python}: {words}" for python, words in said.items())


def _words_of(result: Result) -> str:
    words = verdict_words(result)
    if result.verdict in _TOLD or not (result.memory and result.memory.is_told):
        return f"**{words}**" if result.verdict in _BAD else words
    mark = "**" if result.memory.verdict in _BAD else ""
    return f"{mark}{result.memory.verdict}{mark}; time {words}"


def _change(result: Result | None, pythons: int) -> str:
    if result is None or result.size is None:
        return "–"
    if pythons > _WITH_FIGURES:
        return change_of(result)
    return f"{figures(result)}, {change_of(result)}"


def _last(on: OnMachine, where: str) -> Iterator[str]:
    """The suite's number, and under which conditions it was measured."""
    first = [one for one in on.shown if not one.part]
    means = [(one, mean) for one in first for mean in one.evaluation.means if not mean.group]
    if means:
        sizes = [
            (f"{one.python}: " if len(means) > 1 else "") + change(mean.interval)
            for one, mean in means
        ]
        number = max(len(mean.counted) for _one, mean in means)
        yield f"Geometric mean of {number} benchmarks: {', '.join(sizes)}"
    versions = list(dict.fromkeys(one.run.manifest.whole_python for one in first))
    yield f"Python {joined(versions)} on {plain(on.name)}"
    load = load_words(first)
    yield f"other processes used {load}" if load else "load not recorded"
    packages = max(len(dependency_changes(one.run)) for one in on.shown)
    if packages:
        yield f"⚠ {counted(packages, 'third-party package differs', 'third-party packages differ')}"
    if where:
        yield where


def more_at(url: str) -> str:
    """A link to everything that was measured, or the file that has it."""
    return link("everything", url) if "://" in url else code(url)
