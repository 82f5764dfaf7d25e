"""What a pair comes to in a few sentences with counts, and its name in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.core.result import Result
from bench.core.revision import Pair, Revision, Source
from bench.core.variants import python_order
from bench.core.verdict import Verdict
from bench.formats.markdown import code, plain, prose
from bench.formats.text import counted, effects, joined, magnitude
from bench.report.pair.control import doubtful_mark
from bench.report.pair.gate_section import gate_mark
from bench.report.pair.memory_words import memory_sentences
from bench.report.select_runs import Shown

_NAMES_SHOWN = 6
_REASON_LENGTH = 100


def revision_words(revision: Revision) -> str:
    """A tag, branch or release by its name, a bare commit or a merge base by seven digits."""
    if revision.source is Source.PYPI:
        return revision.identity
    name = revision.name
    is_nameless = revision.identity.startswith(name) or len(name) >= 40 or "..." in name
    return revision.identity[:7] if is_nameless else name


def pair_title(pair: Pair) -> str:
    """Both names in Markdown, and what the head commit says of itself.

    It says so of all that changed only where base is known to be head's parent.
    """
    names = f"{plain(revision_words(pair.base))} → {plain(revision_words(pair.head))}"
    if not pair.head.subject:
        return names
    subject = prose(pair.head.subject)
    return f"{names}: {subject}" if _is_one_commit(pair) else f"{names} (up to: {subject})"


def _is_one_commit(pair: Pair) -> bool:
    """Whether base was asked for as head's parent: `X^..X`, or `X` alone; `HEAD..` likewise."""
    if pair.head.parent:
        return pair.head.parent == pair.base.identity
    asked = re.fullmatch(r"(.+?)(?:\^1?|~1?)", pair.base.name)
    return asked is not None and (
        asked[1] == pair.head.name or pair.head.identity.startswith(asked[1])
    )


@dataclass(frozen=True)
class OnPythons:
    """One benchmark with its result on each Python."""

    name: str
    results: dict[str, Result]

    def having(self, *verdicts: Verdict | None) -> dict[str, Result]:
        """The results with one of these verdicts."""
        return {python: one for python, one in self.results.items() if one.verdict in verdicts}

    def words(self, *verdicts: Verdict | None) -> str:
        """The name with its sizes, and on which Python where it is not all of them."""
        found = self.having(*verdicts)
        sizes = range_words(list(found.values()))
        where = f" on {joined(list(found))}" if len(found) < len(self.results) else ""
        return f"{code(self.name)} ({sizes}{where})" if sizes or where else code(self.name)


def by_benchmark(runs: Sequence[Shown], keep: Callable[[Result], bool]) -> list[OnPythons]:
    """All benchmarks of some runs, each with its Pythons."""
    found: dict[str, dict[str, Result]] = {}
    for one in sorted(runs, key=lambda run: python_order(run.python)):
        for result in one.results:
            if keep(result):
                found.setdefault(result.name, {})[one.python] = result
    return [OnPythons(name, results) for name, results in found.items()]


def range_words(results: Sequence[Result]) -> str:
    """From the smallest to the largest change in one unit, e.g. `1.52x to 37.5x`."""
    ratios = sorted(
        (one.size.interval.ratio for one in results if one.size is not None),
        key=lambda ratio: max(ratio, 1 / ratio) if ratio > 0 else 0.0,
    )
    in_times = any(magnitude(ratio).endswith("x") for ratio in ratios)
    words = dict.fromkeys(magnitude(ratio, in_times=in_times) for ratio in ratios)
    first, *rest = words or [""]
    return f"{first} to {rest[-1]}" if rest else first


def headline(runs: Sequence[Shown]) -> str:
    """Counts and sizes of a pair on one machine; each run is of another Python or group."""
    first = [one for one in runs if not one.part]
    found = by_benchmark(first, lambda _result: True)
    pythons = _pythons(list(dict.fromkeys(one.python for one in first)))
    sentences = [
        *(f"**{mark}** on {one.name}." for one in runs if (mark := gate_mark(one.run))),
        *(f"**{mark}** on {one.name}." for one in runs if (mark := doubtful_mark(one.evaluation))),
        *_verdicts(found, pythons),
        *(
            f"{counted(len(one.results), 'benchmark')} in another run ({one.part}, Python "
            f"{one.python}): {verdict_counts(one.results)}."
            for one in runs
            if one.part
        ),
        *(f"So far: the run of {one.name} is not complete." for one in runs if not one.is_complete),
    ]
    return " ".join(sentences)


def _pythons(versions: Sequence[str]) -> str:
    if len(versions) == 1:
        return f"on Python {versions[0]}"
    return "on both Pythons" if len(versions) == 2 else f"on all {len(versions)} Pythons"


def _verdicts(found: Sequence[OnPythons], pythons: str) -> Iterator[str]:
    if found and all(len(one.having(Verdict.UNDECIDED)) == len(one.results) for one in found):
        yield f"**Undecided {pythons}: {len(found)} of {len(found)}.**"
        return
    yield from _decided(found, pythons)
    yield from memory_sentences({one.name: one.results for one in found})
    yield from _rest(found)


def _decided(found: Sequence[OnPythons], pythons: str) -> Iterator[str]:
    """What broke and what got slower first, if anything did."""
    broken = [one for one in found if one.having(Verdict.BROKEN)]
    if broken:
        names = [f"{one.words(Verdict.BROKEN)}: {_reason(one, Verdict.BROKEN)}" for one in broken]
        yield f"🔴 **Broken by head: {len(broken)} of {len(found)}**: {_listed(names)}."
    slower = [one for one in found if one.having(Verdict.SLOWER)]
    if slower:
        names = [one.words(Verdict.SLOWER) for one in slower]
        yield f"**Slower: {len(slower)} of {len(found)}**: {_listed(names)}."
    everywhere = [one for one in found if len(one.having(Verdict.FASTER)) == len(one.results)]
    sizes = range_words([result for one in everywhere for result in one.results.values()])
    scope = f" ({sizes})" if sizes else ""
    yield f"**Faster {pythons}: {len(everywhere) or 'none'} of {len(found)}{scope}.**"
    partly = [one for one in found if one.having(Verdict.FASTER) and one not in everywhere]
    if partly:
        yield f"Faster on some: {_listed([one.words(Verdict.FASTER) for one in partly])}."
    if not slower:
        yield "Slower: none."


def _rest(found: Sequence[OnPythons]) -> Iterator[str]:
    """Benchmarks that are neither faster nor slower on any Python, each told of once."""
    words: dict[Verdict | None, tuple[str, str]] = {
        Verdict.UNDECIDED: ("Undecided", ""),
        Verdict.BELOW_MEI: ("Changed, but by less than ", ""),
        Verdict.SAME: ("Same, within ", "±"),
    }
    told = (
        Verdict.BROKEN, Verdict.FASTER, Verdict.SLOWER, Verdict.LESS_MEMORY, Verdict.MORE_MEMORY,
    )  # fmt: skip
    left = [one for one in found if not one.having(*told)]
    for verdict, (said, prefix) in words.items():
        having = [one for one in left if one.having(verdict)]
        left = [one for one in left if one not in having]
        if having:
            results = [result for one in having for result in one.having(verdict).values()]
            within = "" if verdict is Verdict.UNDECIDED else effects(results, prefix=prefix)
            yield f"{said}{within}: {_listed([code(one.name) for one in having])}."
    fixed = [one for one in left if all(r.works_on_head_only for r in one.results.values())]
    if fixed:
        yield f"Works on head only: {_listed([code(one.name) for one in fixed])}."
    left = [one for one in left if one not in fixed]
    if left:
        reasons = [f"{code(one.name)} ({_reason(one)})" for one in left]
        yield f"Not measured: {_listed(reasons)}."


def _reason(one: OnPythons, verdict: Verdict | None = None) -> str:
    reason = " ".join(next(iter(one.having(verdict).values())).reason.split())
    return plain(reason[:_REASON_LENGTH] + "…" * (len(reason) > _REASON_LENGTH))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return joined([*names[:_NAMES_SHOWN], f"{more} more"] if more > 0 else list(names))


def verdict_counts(results: Sequence[Result]) -> str:
    """`9 faster, 1 undecided`."""
    counts = [
        f"{number} {verdict}"
        for verdict in Verdict
        if (number := sum(result.verdict is verdict for result in results))
    ]
    missing = sum(result.verdict is None for result in results)
    return ", ".join([*counts, *([f"{missing} not measured"] if missing else [])]) or "nothing yet"
