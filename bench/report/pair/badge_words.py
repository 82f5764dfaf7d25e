"""What a badge says of a pair: its last verdicts in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.report.pair.headline import range_words, revision_words
from bench.report.select_runs import Shown
from bench.report.summaries import PairBadge


def badge_words(shown: Sequence[Shown]) -> PairBadge:
    """Of the runs of a pair on a machine: what broke or got slower goes first."""
    manifest = shown[0].run.manifest
    pair = manifest.pair
    label = f"{manifest.target} {revision_words(pair.base)} → {revision_words(pair.head)}"
    words, kind = _message([result for one in shown for result in one.results])
    doubtful = any(one.evaluation.doubtful for one in shown)
    return PairBadge(label=label, words=f"{words} (doubtful)" if doubtful else words, kind=kind)


def _message(results: Sequence[Result]) -> tuple[str, str]:
    """`1 of 20 slower (+4.2%), 3 faster (1.46x to 35.8x)`, and what it comes to."""
    counts = Counter(one.verdict for one in results)
    parts: list[str] = []
    for verdict in (Verdict.BROKEN, Verdict.SLOWER, Verdict.FASTER):
        if counts[verdict]:
            sizes = range_words([one for one in results if one.verdict is verdict])
            of = "" if parts else f" of {len(results)}"
            parts.append(f"{counts[verdict]}{of} {verdict}" + (f" ({sizes})" if sizes else ""))
    worse = counts[Verdict.BROKEN] + counts[Verdict.SLOWER]
    kind = "worse" if worse else "better" if counts[Verdict.FASTER] else "even"
    if not parts:
        parts = [f"{counts[Verdict.SAME]} of {len(results)} same"]
        parts += [f"{counts[Verdict.UNDECIDED]} undecided"] * bool(counts[Verdict.UNDECIDED])
    return ", ".join(parts), kind
