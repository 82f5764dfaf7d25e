"""A claim of this project, what was measured of it, and whether it holds."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from bench.engine.statistics.binomial import Rate
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


def rate_claim(claim: str, rate: Rate, alpha: float) -> Claim:
    """The claim that an error rate is at most `alpha`."""
    low, high = rate.limits
    figures = f"{rate.count} of {rate.total} called changed: {rate_words(rate)}"
    if rate.value > alpha:
        chance = "" if low > alpha else f"; the limits include {alpha:.0%}, so it may be chance"
        return Claim(ClaimOutcome.FAILED, claim, figures + chance)
    if high > alpha:
        few = f"; too few runs to exclude a rate above {alpha:.0%}"
        return Claim(ClaimOutcome.OPEN, claim, figures + few)
    return Claim(ClaimOutcome.HELD, claim, figures)


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
        + (f", {failed} failed." if failed else ".")
    )


def worst_first(claims: Sequence[Claim]) -> list[Claim]:
    """Failed claims, then undecided ones, then those that hold."""
    return sorted(claims, key=lambda one: list(ClaimOutcome).index(one.outcome), reverse=True)
