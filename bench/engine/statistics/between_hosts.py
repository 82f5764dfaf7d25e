"""One ratio measured on several hosts: do they agree, and what holds for hosts like these?

Random effects: each host has a true ratio of its own, scattered around a common one. Estimate and
interval after Hartung & Knapp (2001) and Sidik & Jonkman (2002), with the between-host variance of
DerSimonian & Laird (1986); the factor is never taken below 1 (Röver, Knapp & Friede 2015), so few
hosts that happen to agree do not make the interval narrower than their own errors allow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.core.verdict import Interval
from bench.engine.statistics.arrays import FloatArray, finite


@dataclass(frozen=True)
class BetweenHosts:
    """The common ratio with its 95% interval, and how far hosts differ beyond their own errors.

    `spread` is the standard deviation of the hosts' true log ratios (0.02 is 2%); `share` is
    Higgins' I², the part of the observed variance that is between hosts.
    """

    interval: Interval
    hosts: int
    spread: float
    share: float


def between_hosts(log_ratios: FloatArray, errors: FloatArray) -> BetweenHosts:
    """Combine ratios of at least two hosts.

    `log_ratios` and `errors` (their standard errors, above 0): shape (hosts,). Raises `ValueError`
    for fewer than two hosts, shapes that differ, and anything not finite.
    """
    values, scale = finite(log_ratios, "log ratios"), finite(errors, "errors")
    if values.size < 2 or values.size != scale.size or np.min(scale) <= 0:
        raise ValueError("two hosts or more are needed, each with an error above 0")
    from scipy import stats  # noqa: PLC0415 - half a second, and few commands come here

    freedom = values.size - 1
    weights = 1 / scale**2
    fixed = float(np.sum(weights * values) / np.sum(weights))
    q = float(np.sum(weights * (values - fixed) ** 2))
    scaling = float(np.sum(weights) - np.sum(weights**2) / np.sum(weights))
    variance = max(0.0, (q - freedom) / scaling)
    weights = 1 / (scale**2 + variance)
    centre = float(np.sum(weights * values) / np.sum(weights))
    factor = float(np.sum(weights * (values - centre) ** 2)) / freedom
    half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(max(factor, 1.0) / float(np.sum(weights)))
    interval = Interval(math.exp(centre), math.exp(centre - half), math.exp(centre + half))
    share = max(0.0, (q - freedom) / q) if q > 0 else 0.0
    return BetweenHosts(interval, values.size, math.sqrt(variance), share)
