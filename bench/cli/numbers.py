"""Numbers on the command line: each raises what argparse turns into a message."""

from __future__ import annotations

import argparse
import math


def fraction(text: str) -> float:
    """Between 0 and 1, without them."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def positive(text: str) -> float:
    """Above 0, and finite."""
    value = float(text)
    if not 0 < value < math.inf:  # JSON has no infinity
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def not_negative(text: str) -> float:
    """0 or more."""
    value = float(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value
