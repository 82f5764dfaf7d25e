"""Values as functions return them, and pairs of them for codeflash's comparator.

Each value is built twice, so that nothing is equal by identity alone. Small integers, interned
strings and types are the same object all the same, as they are in practice.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


class Priority(Enum):
    """An enumeration."""

    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    """A tuple with names."""

    x: float
    y: float
    label: str


def primitives(count: int = 40) -> list[object]:
    """Return plain values, the commonest return values of all."""
    numbers = [value for n in range(count) for value in (n, n / 7, complex(n, -n), n % 2 == 0)]
    return [*numbers, *(f"name-{n}" for n in range(count)), None, float("nan"), float("inf")]


def nested_mapping(sections: int = 20) -> dict[str, dict[str, Any]]:
    """Return something like a parsed configuration or a JSON answer."""
    return {
        f"section-{s}": {
            "enabled": s % 3 == 0,
            "limits": {f"key-{k}": k * s for k in range(8)},
            "tags": [f"tag-{t}" for t in range(6)],
            "ratio": s / 3,
        }
        for s in range(sections)
    }


def deep_structure(depth: int = DEPTH, leaf: str = "leaf") -> list[object]:
    """Return lists and mappings inside each other, ``depth`` levels of them."""
    value: list[object] = [leaf, 0]
    for level in range(depth):
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


def identity_values(count: int) -> list[object]:
    """Return values of the types that a single ``==`` settles, beside numbers and text.

    Slices and generic aliases are left out: older comparators do not know them.
    """
    found: list[object] = []
    for n in range(count):
        found += [
            Decimal(n) / 8,
            f"bytes-{n}".encode(),
            bytearray(n + 1),
            frozenset({n, n + 1, n + 2}),
            {f"member-{n}", f"member-{n + 1}"},
            range(n, n * 3 + 1),
            OrderedDict(first=n, second=n + 1),
            (int, str, dict, Order)[n % 4],
            (Priority.LOW, Priority.HIGH)[n % 2],
            ...,
        ]
    return found


def equal_cases(first: Sequence[object], second: Sequence[object]) -> list[Case]:
    """Pair equal values one by one, each for a call of its own."""
    return [(original, new, True) for original, new in zip(first, second, strict=True)]


def check_comparator(comparator: Callable[[Any, Any], bool], cases: Sequence[Case]) -> None:
    """Refuse to time a comparator that is wrong."""
    for index, (original, new, equal) in enumerate(cases):
        answer = comparator(original, new)
        if answer is not equal:
            msg = f"comparator answers {answer!r} for case {index}, expected {equal!r}"
            raise RuntimeError(msg)


def compare_all(comparator: Callable[[Any, Any], bool], pairs: Sequence[tuple[Any, Any]]) -> None:
    """Do what is timed: compare every pair once."""
    for original, new in pairs:
        comparator(original, new)
