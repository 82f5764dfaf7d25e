"""codeflash's comparator on the kinds of return value that it is given in practice.

The comparator decides whether an optimised function still returns what the original did, so it
runs once for every captured return value. One call here compares five pairs of equal values and
one pair that differs in its very last leaf.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pyperf
from codeflash.verification.comparator import comparator

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = 120
DEPTH = 60
FIRST_DAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

Case = tuple[Any, Any, bool]
"""Original value, new value, and whether the two are equal."""


@dataclass
class Order:
    """A record with a generated ``__eq__``: compared in one step."""

    number: int
    customer: str
    total: float
    placed: dt.datetime


class Account:
    """A record without ``__eq__``: compared attribute by attribute."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.owner = f"owner-{number % 17}"
        self.balance = number * 1.25
        self.history = [number - 1, number, number + 1]


class Point(NamedTuple):
    """A tuple with names."""

    x: float
    y: float
    label: str


def primitives() -> list[object]:
    """Return plain values, the commonest return values of all."""
    numbers = [value for n in range(40) for value in (n, n / 7, complex(n, -n), n % 2 == 0)]
    return [*numbers, *(f"name-{n}" for n in range(40)), None, float("nan"), float("inf")]


def nested_mapping() -> dict[str, object]:
    """Return something like a parsed configuration or a JSON answer."""
    return {
        f"section-{s}": {
            "enabled": s % 3 == 0,
            "limits": {f"key-{k}": k * s for k in range(8)},
            "tags": [f"tag-{t}" for t in range(6)],
            "ratio": s / 3,
        }
        for s in range(20)
    }


def deep_structure() -> list[object]:
    """Return lists and mappings inside each other, ``DEPTH`` levels of them."""
    value: list[object] = ["leaf", 0]
    for level in range(DEPTH):
        value = [level, {"inner": value, "level": level}]
    return value


def table(rows: int) -> list[tuple[object, ...]]:
    """Return rows as a database cursor would."""
    day = dt.timedelta(days=1)
    return [(n, f"row {n}", n * 0.1, n % 5 == 0, None, FIRST_DAY + n * day) for n in range(rows)]


def records() -> list[object]:
    """Return objects of three kinds: generated equality, attributes only, named tuple."""
    found: list[object] = []
    for n in range(30):
        found.append(Order(n, f"customer {n}", n * 9.99, FIRST_DAY))
        found.append(Account(n))
        found.append(Point(n / 2, n / 3, f"p{n}"))
    return found


def build_cases() -> list[Case]:
    """Build each pair from two separate constructions, so that nothing is equal by identity."""
    changed = table(ROWS)
    changed[-1] = (*changed[-1][:-1], FIRST_DAY)
    return [
        (primitives(), primitives(), True),
        (nested_mapping(), nested_mapping(), True),
        (deep_structure(), deep_structure(), True),
        (table(ROWS), table(ROWS), True),
        (records(), records(), True),
        (table(ROWS), changed, False),
    ]


def check(cases: Sequence[Case]) -> None:
    """Refuse to time a comparator that is wrong."""
    for index, (original, new, equal) in enumerate(cases):
        answer = comparator(original, new)
        if answer is not equal:
            msg = f"comparator answers {answer!r} for case {index}, expected {equal!r}"
            raise RuntimeError(msg)


def compare_all(pairs: Sequence[tuple[Any, Any]]) -> None:
    """Do what is timed: compare every pair once."""
    for original, new in pairs:
        comparator(original, new)


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check(cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: five equal values, one different"
    runner.bench_func("codeflash_comparator", compare_all, [case[:2] for case in cases])


if __name__ == "__main__":
    main()
