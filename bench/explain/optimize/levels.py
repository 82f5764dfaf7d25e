"""How the error rate of an optimisation is shared among the steps it measures."""

from __future__ import annotations


def level(number: int, alpha: float, pythons: int) -> float:
    """The error rate of one measured pair on one Python: step `number`, counted from 1.

    How many steps there will be is not known, so step k has alpha/(k(k+1)): these add up to alpha
    (1/(k(k+1)) = 1/k - 1/(k+1)), and by Bonferroni's inequality the chance that any *faster* or
    *slower* of all steps is wrong is at most alpha, whatever was decided before. The early steps,
    which are predicted to save most, have the most. Pythons share a step's rate evenly. Raises
    `ValueError` for a number below 1.
    """
    if number < 1 or pythons < 1:
        raise ValueError(f"steps and Pythons are counted from 1, not {min(number, pythons)}")
    return alpha / (number * (number + 1)) / pythons
