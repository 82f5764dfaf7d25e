"""How other tools decide, as pure functions, so that their error rates can be measured here.

Each takes the seconds of all base runs and of all head runs, measured one block after the other as
these tools do, and says whether head is faster, slower or the same. They are written from the
tools' own sources (pyperf 2.10 `_utils.is_significant` and `_compare`; asv of 2026-06 `_stats` and
`commands/compare`; hyperfine of 2026 `benchmark/relative_speed.rs`), to be compared with, not used.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.arrays import FloatArray, finite

Answer: TypeAlias = Literal["faster", "slower", "same"]

# pyperf's table of two-sided 95% quantiles of Student's t, and its steps beyond it.
_T_TABLE = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_T_STEPS = ((200, 1.960), (100, 1.984), (80, 1.990), (60, 2.000), (50, 2.009), (40, 2.021))
_ASV_LEVEL = 0.002
_ASV_FACTOR = 1.1
_ASV_EXACT_UP_TO = 20


def pyperf_rule(base: FloatArray, head: FloatArray) -> Answer:
    """`pyperf compare_to`: Student's t on the pooled values, 95% two-sided, then the means' order.

    As there, different numbers of values, or a single one on each side, or no spread at all, count
    as significant. `base`, `head`: seconds, shape (n,). Raises `ValueError` when empty or infinite.
    """
    before, after = finite(base, "base"), finite(head, "head")
    ratio = float(after.mean() / before.mean())
    return _direction(ratio) if _pyperf_significant(before, after) else "same"


def _pyperf_significant(base: FloatArray, head: FloatArray) -> bool:
    freedom = base.size + head.size - 2
    if base.size != head.size or freedom == 0:
        return True
    squares = ((base - base.mean()) ** 2).sum() + ((head - head.mean()) ** 2).sum()
    if squares == 0:
        return True
    error = float(squares) / freedom / base.size
    score = float(base.mean() - head.mean()) / math.sqrt(2 * error)
    return abs(score) >= _pyperf_quantile(freedom)


def _pyperf_quantile(freedom: int) -> float:
    for least, quantile in _T_STEPS:
        if freedom >= least:
            return quantile
    return _T_TABLE[min(freedom, len(_T_TABLE)) - 1]


def asv_rule(base: FloatArray, head: FloatArray) -> Answer:
    """`asv continuous`: medians 1.1 times apart, and Mann-Whitney p < 0.002.

    `base`, `head`: seconds, shape (n,), at least 6 each: below that asv decides by intervals, which
    is not repeated here. Raises `ValueError` then, and when infinite.
    """
    before, after = finite(base, "base"), finite(head, "head")
    smaller, both = min(base.size, head.size), base.size + head.size
    if 1 / math.comb(both, smaller) >= _ASV_LEVEL:
        raise ValueError("asv's rule is repeated here for at least 6 values a side")
    if mann_whitney_p(before, after) >= _ASV_LEVEL:
        return "same"
    old, new = float(np.median(before)), float(np.median(after))
    if new < old / _ASV_FACTOR:
        return "faster"
    return "slower" if old < new / _ASV_FACTOR else "same"


def mann_whitney_p(base: FloatArray, head: FloatArray) -> float:
    """asv's two-sided Mann-Whitney p-value: exact up to 20 values a side, then normal.

    `base`, `head`: shape (m,), (n,).
    """
    from scipy import stats  # noqa: PLC0415 - half a second, and few commands come here

    exact = max(base.size, head.size) <= _ASV_EXACT_UP_TO
    found = stats.mannwhitneyu(
        base, head, method="exact" if exact else "asymptotic", use_continuity=False
    )
    return float(found.pvalue)


def hyperfine_rule(base: FloatArray, head: FloatArray) -> Answer:
    """hyperfine's "1.05 +- 0.02 times faster", read as its users do: does it leave out 1?

    The ratio is that of the means, the slower over the faster; the spread is propagated from the
    standard deviations of single runs, so it does not shrink with their number. hyperfine itself
    only prints it. `base`, `head`: seconds, shape (n,), n >= 2. Raises `ValueError` otherwise.
    """
    before, after = finite(base, "base"), finite(head, "head")
    _need_two(before, after)
    ratio = float(after.mean() / before.mean())
    relative = [float(side.std(ddof=1) / side.mean()) for side in (before, after)]
    size = max(ratio, 1 / ratio)
    return _direction(ratio) if size - size * math.hypot(*relative) > 1 else "same"


def welch_interval(base: FloatArray, head: FloatArray, alpha: float) -> Interval:
    """What a user who measures in blocks would quote: Welch's interval of the ratio head/base.

    On logarithms, so the ratio is that of geometric means. It assumes independent runs, which
    blocks are not: it is here for its width, to compare the time two methods need to the same
    width. `base`, `head`: seconds, shape (m,), (n,), at least 2 each and positive. Raises
    `ValueError` otherwise.
    """
    from scipy import stats  # noqa: PLC0415 - half a second, and few commands come here

    before, after = np.log(finite(base, "base")), np.log(finite(head, "head"))
    _need_two(finite(before, "ln(base)"), finite(after, "ln(head)"))
    result = stats.ttest_ind(after, before, equal_var=False)
    limits = result.confidence_interval(1 - alpha)
    ratio = math.exp(float(after.mean() - before.mean()))
    return Interval(ratio=ratio, low=math.exp(float(limits.low)), high=math.exp(float(limits.high)))


def _need_two(base: FloatArray, head: FloatArray) -> None:
    if min(base.size, head.size) < 2:
        raise ValueError("a spread needs at least two values a side")


def _direction(ratio: float) -> Answer:
    if ratio == 1:
        return "same"
    return "faster" if ratio < 1 else "slower"
