"""Many benchmarks, one error rate: Holm's procedure, at the end of a run and while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def holm(p_values: Mapping[str, float], alpha: float) -> frozenset[str]:
    """The hypotheses rejected by Holm (1979): family-wise error at most `alpha`, any dependence.

    `p_values` holds one probability for each name. Sequential p-values are as good as others.
    Raises `ValueError` for an alpha outside (0, 1) or a p-value outside [0, 1].
    """
    _check_level(alpha)
    if bad := [name for name, p in p_values.items() if not 0 <= p <= 1]:
        raise ValueError(f"not probabilities: {', '.join(sorted(bad))}")
    rejected: set[str] = set()
    for name in sorted(p_values, key=lambda name: (p_values[name], name)):
        if p_values[name] > local_alpha(len(p_values), len(rejected), alpha):
            break
        rejected.add(name)
    return frozenset(rejected)


def local_alpha(total: int, rejected: int, alpha: float) -> float:
    """The level each hypothesis still open is tested at when `rejected` of `total` are rejected.

    This is Holm's step as a sequentially rejective procedure: a rejected hypothesis passes its
    level on to the open ones, also between looks of a group-sequential run, and the family-wise
    error stays at most `alpha` (Maurer & Bretz 2013). Only a *rejected* hypothesis passes it on;
    one that stopped with "same" or without a verdict does not. Once all are rejected
    nothing is left to test, and the level is that of the last one, `alpha`. Raises `ValueError`
    for counts that do not fit or an alpha outside (0, 1).
    """
    _check_level(alpha)
    if total < 1 or not 0 <= rejected <= total:
        raise ValueError(f"{rejected} of {total} hypotheses cannot be rejected")
    return alpha / max(total - rejected, 1)


# Of the error rate of a run: what the times of its benchmarks have, their memory, and the control.
# The long benchmarks set the first: three of them reach their level in 7 rounds, and in 8 beside
# short ones, from 15/16 on. Less for the others costs little: each further round that agrees halves
# a p-value, and memory hardly scatters.
_TIME, _MEMORY, _CONTROL = 0.94, 0.04, 0.02


@dataclass(frozen=True)
class Shares:
    """Parts of the error rate of a run, by what is tested; they add up to at most all of it.

    `sequential` and `fixed` are the times of benchmarks that are tested sequentially and of those
    with a fixed number of rounds, `memory` the peak memory of all of them, `control` the time of
    the bare interpreter.
    """

    sequential: float
    fixed: float
    memory: float
    control: float


def divide(alpha: float, sequential: int, fixed: int) -> Shares:
    """Divide `alpha` among what is tested; the counts are those of benchmarks, without the control.

    Each part is a family of its own, with Holm's procedure at its part. The parts add up to
    `alpha`, so the chance of any false rejection in the run is at most `alpha` (Bonferroni), and
    they depend on nothing but the numbers of benchmarks, which are known before measuring.

    The times of one kind have 94%; of two kinds one half of it each. In one family a run of 10
    short and 3 long benchmarks would need 10 rounds of minutes of each long one to reject at
    alpha/13; with a half of their own they need 8. The short ones pay with about a tenth more
    rounds, of milliseconds. The control has 2% (0.001 of 0.05): it is the same program on both
    sides, so it would seldom be rejected, and as one more member of the family of the times it
    would halve the level of a benchmark measured by itself. Memory has 4%.

    Raises `ValueError` for an alpha outside (0, 1).
    """
    _check_level(alpha)
    halves = 2 if sequential and fixed else 1
    times = _TIME * alpha / halves
    return Shares(times, times, _MEMORY * alpha, _CONTROL * alpha)


def _check_level(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
