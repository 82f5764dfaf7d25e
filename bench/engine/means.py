"""One number for a group of benchmarks: how they changed together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from bench.core.result import GroupMean, Result
from bench.core.verdict import Verdict
from bench.engine.statistics.geometric import geometric_mean
from bench.engine.statistics.signed_rank import FEWEST_FOR_ERROR

_FEWEST = 2


def group_means(results: Sequence[Result], alpha: float) -> tuple[GroupMean, ...]:
    """The geometric mean of all benchmarks that time decides, then that of each of their groups.

    The control does not count. A group needs two benchmarks with a size; the intervals share
    `alpha` (Bonferroni), so that all of them hold together. Undecided benchmarks count like others;
    those without a size (broken, not measured, fewer than five rounds) are named in `left_out`.
    """
    tested = [one for one in results if not (one.is_control or one.is_of_memory)]
    groups: dict[str, list[Result]] = {"": tested}
    for one in tested:
        groups.setdefault(one.benchmark.group, []).append(one)
    if len(groups) == _FEWEST:  # one group is all
        groups = {"": tested}
    groups = {name: of for name, of in groups.items() if sum(map(_counts, of)) >= _FEWEST}
    return tuple(_mean(name, of, alpha / len(groups)) for name, of in groups.items())


def _counts(result: Result) -> bool:
    size = result.size
    return (
        size is not None
        and size.rounds >= FEWEST_FOR_ERROR
        and math.isfinite(size.error)
        and result.verdict is not Verdict.BROKEN
    )


def _mean(group: str, results: Sequence[Result], level: float) -> GroupMean:
    counted = [one for one in results if _counts(one)]
    sizes = [one.size for one in counted if one.size is not None]
    return GroupMean(
        group=group,
        interval=geometric_mean(
            [size.interval.ratio for size in sizes],
            [size.error for size in sizes],
            [size.rounds for size in sizes],
            level,
        ),
        level=level,
        counted=tuple(one.name for one in counted),
        left_out=tuple(one.name for one in results if one not in counted),
        verdicts=dict(Counter(str(one.verdict or "not measured") for one in results)),
    )
