"""How the benchmarks of a group changed together, beside how many got which verdict."""

from __future__ import annotations

from collections.abc import Sequence

from bench.core.result import GroupMean
from bench.core.verdict import Verdict
from bench.formats.markdown import code, plain, table
from bench.formats.text import change, confidence, joined
from bench.report.select_runs import Shown

_ALWAYS = (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME)
_IF_ANY = (Verdict.BELOW_MEI, Verdict.UNDECIDED, Verdict.BROKEN)


def means_table(shown: Sequence[Shown]) -> str:
    """One row a group and Python; "" where no run has two benchmarks with a size."""
    means = [(one, mean) for one in shown for mean in one.evaluation.means]
    if not means:
        return ""
    names = list(dict.fromkeys(one.name for one, _mean in means))
    several = len(names) > 1
    others = [one for one in _IF_ANY if any(str(one) in mean.verdicts for _run, mean in means)]
    verdicts = [*map(str, (*_ALWAYS, *others))]
    rows = [
        [
            (f"{one.name}: " if several else "") + _name(mean),
            change(mean.interval),
            *(str(mean.verdicts.get(verdict, 0)) for verdict in verdicts),
        ]
        for one, mean in means
    ]
    levels = list(dict.fromkeys(confidence(mean.level) for _one, mean in means))
    left_out = list(dict.fromkeys(name for _one, mean in means for name in mean.left_out))
    together = "" if levels == ["95%"] else ", so that all of one Python hold together at 95%"
    about = (
        "Geometric mean: each benchmark counts once, undecided ones too, with its own interval. "
        f"Intervals of {joined(levels)}{together}."
    )
    if left_out:
        about += f" Left out, without a size: {joined([code(name) for name in left_out])}."
    return f"{table(('benchmarks', 'geometric mean', *verdicts), rows)}\n\n{about}"


def _name(mean: GroupMean) -> str:
    return f"{plain(mean.group) if mean.group else 'all'} ({len(mean.counted)})"
