"""How the error rate of an optimisation is shared among the steps it measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """What a step had of the error rate, over all its Pythons, and whether it was used up.

    `free`: no scenario on any Python was found to be the same or left undecided, so that nothing
    that was tested is left to be wrong about.
    """

    alpha: float
    free: bool


def next_level(past: Sequence[Spent], alpha: float) -> float:
    """The error rate of the next step, of all its Pythons together; `past` are those measured.

    How many steps there will be is not known, so step k has alpha/(k(k+1)) of its own: these add up
    to alpha, as 1/(k(k+1)) = 1/k - 1/(k+1). A step of which everything was rejected hands on what
    it had (the *online fallback* of J. Tian and A. Ramdas, Online control of the familywise error
    rate, Statistical Methods in Medical Research 30, 2021): the chance that any *faster* or
    *slower* of all steps is wrong is at most alpha, whatever was decided on the way. Raises
    `ValueError` for an alpha outside (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    number = len(past) + 1
    handed_on = past[-1].alpha if past and past[-1].free else 0.0
    return alpha / (number * (number + 1)) + handed_on
