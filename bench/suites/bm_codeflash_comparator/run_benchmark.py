"""codeflash's comparator on the kinds of return value that it is given in practice.

The comparator decides whether an optimised function still returns what the original did, so it
runs once for every captured return value. Without an argument one call compares a mixture: five
pairs of equal values and one pair that differs in its very last leaf. An argument takes one kind
alone, and names the benchmark: ``deep`` is ``codeflash_comparator_deep``.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import (
    FIRST_DAY,
    Case,
    check_comparator,
    compare_all,
    deep_structure,
    equal_cases,
    identity_values,
    nested_mapping,
    primitives,
    records,
    table,
)


def mixture() -> list[Case]:
    """Build each pair from two separate constructions, so that nothing is equal by identity."""
    rows, changed = rows_of(120)
    return [
        (primitives(), primitives(), True),
        (nested_mapping(), nested_mapping(), True),
        (deep_structure(), deep_structure(), True),
        rows,
        (records(), records(), True),
        changed,
    ]


def rows_of(count: int) -> list[Case]:
    """Rows of a database cursor, one column a date; and with another last column in the last."""
    changed = table(count)
    changed[-1] = (*changed[-1][:-1], FIRST_DAY)
    return [(table(count), table(count), True), (table(count), changed, False)]


def deep() -> list[Case]:
    """Lists and mappings inside each other: the recursion is what costs; one other leaf."""
    equal = [(deep_structure(120), deep_structure(120), True) for _ in range(8)]
    return [*equal, (deep_structure(120), deep_structure(120, leaf="other"), False)]


def identity() -> list[Case]:
    """Types that a comparator may hand to ``==``: finding that out is what costs."""
    return [*equal_cases(identity_values(180), identity_values(180)), (b"one", b"two", False)]


def nested() -> list[Case]:
    """A parsed configuration or JSON answer; and with one number of its last section changed."""
    changed = nested_mapping(60)
    changed["section-59"]["limits"]["key-7"] += 1
    return [(nested_mapping(60), nested_mapping(60), True), (nested_mapping(60), changed, False)]


def plain() -> list[Case]:
    """Numbers, text, truth values, nothing, each in a call of its own: the cost of a call."""
    return [*equal_cases(primitives(250), primitives(250)), ("name-1", "name-2", False)]


KINDS = {
    "": (mixture, "five equal values, one different"),
    "deep": (deep, "a structure 120 levels deep"),
    "identity": (identity, "types that one == settles"),
    "nested": (nested, "parsed settings, mappings of mappings and lists"),
    "primitives": (plain, "plain values, each in a call of its own"),
    "rows": (lambda: rows_of(150), "rows of a database cursor"),
}


def pass_on(words: list[str], told: argparse.Namespace) -> None:
    """Give the argument to the workers that pyperf starts."""
    words.extend(filter(None, [told.kind]))


def main() -> None:
    """Check, then time."""
    runner = pyperf.Runner(add_cmdline_args=pass_on)
    runner.argparser.add_argument("kind", nargs="?", default="", choices=KINDS)
    kind = runner.parse_args().kind
    build_cases, what = KINDS[kind]
    cases = build_cases()
    check_comparator(comparator, cases)
    runner.metadata["description"] = f"codeflash comparator: {what}"
    pairs = [case[:2] for case in cases]
    name = "_".join(filter(None, ("codeflash_comparator", kind)))
    runner.bench_func(name, compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
