"""A claim of this project, what was measured of it, and whether it holds."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from bench.engine.statistics.binomial import Rate, fewest_runs
from bench.formats.text import counted, share


class ClaimOutcome(enum.StrEnum):
    """Whether a claim holds where it was measured."""

    HELD = "holds"
    OPEN = "undecided"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Claim:
    """What is claimed, the figures measured, and what follows from them."""

    outcome: ClaimOutcome
    claim: str
    measured: str


def at_most(claim: str, rate: Rate, limit: float, figures: str) -> Claim:
    """The claim that a rate of errors is at most `limit`."""
    return _rate_claim(claim, figures, rate, limit, most=True)


def at_least(claim: str, rate: Rate, limit: float, figures: str) -> Claim:
    """The claim that a rate of successes is at least `limit`."""
    return _rate_claim(claim, figures, rate, limit, most=False)


def _rate_claim(claim: str, figures: str, rate: Rate, limit: float, *, most: bool) -> Claim:
    """One rule for all rates: the counted rate must meet the limit, and so must its 95% limits."""

    def meets(one: float) -> bool:
        return one <= limit if most else one >= limit

    low, high = rate.limits
    best, worst = (low, high) if most else (high, low)
    measured = f"{figures}: {rate_words(rate)}"
    if rate.total and not meets(rate.value):
        chance = f"; the limits include {limit:.0%}, so it may be chance" if meets(best) else ""
        return Claim(ClaimOutcome.FAILED, claim, measured + chance)
    if not meets(worst):
        errors, most_errors = (rate.count, limit) if most else (rate.total - rate.count, 1 - limit)
        few = (
            f"; too few runs to exclude a rate {'above' if most else 'below'} {limit:.0%}: that "
            f"takes at least {fewest_runs(errors, most_errors)}"
        )
        return Claim(ClaimOutcome.OPEN, claim, measured + few)
    return Claim(ClaimOutcome.HELD, claim, measured)


def rate_words(rate: Rate) -> str:
    """A rate with its exact limits, e.g. `1.2% (95% limits 0.0 to 6.3%)`."""
    low, high = rate.limits
    return f"{share(rate.value)} (95% limits {low * 100:.1f} to {share(high)})"


def tally(claims: Sequence[Claim]) -> str:
    """How many claims hold, are undecided and failed, in a sentence."""
    counts = {one: sum(claim.outcome is one for claim in claims) for one in ClaimOutcome}
    undecided, failed = counts[ClaimOutcome.OPEN], counts[ClaimOutcome.FAILED]
    return (
        f"{counts[ClaimOutcome.HELD]} of {counted(len(claims), 'claim')} hold here"
        + (f", {undecided} {'is' if undecided == 1 else 'are'} undecided" if undecided else "")
        + (f", {failed or 'none'} failed." if failed or undecided else ".")
    )


def worst_first(claims: Sequence[Claim]) -> list[Claim]:
    """Failed claims, then undecided ones, then those that hold."""
    return sorted(claims, key=lambda one: list(ClaimOutcome).index(one.outcome), reverse=True)
