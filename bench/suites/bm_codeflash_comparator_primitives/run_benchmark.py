"""codeflash's comparator on plain values, each in a call of its own.

The commonest return values of all: numbers, text, truth values, nothing. One call compares each
value with an equal one, and one value with a different one: the cost of a call itself.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import Case, check_comparator, compare_all, equal_cases, primitives

COUNT = 250


def build_cases() -> list[Case]:
    """Return an equal pair for each value, and one pair that differs."""
    return [*equal_cases(primitives(COUNT), primitives(COUNT)), ("name-1", "name-2", False)]


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: plain values, each in a call of its own"
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator_primitives", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
