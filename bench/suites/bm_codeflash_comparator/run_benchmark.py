"""codeflash's comparator on the kinds of return value that it is given in practice.

The comparator decides whether an optimised function still returns what the original did, so it
runs once for every captured return value. One call here compares five pairs of equal values and
one pair that differs in its very last leaf; ``bm_codeflash_comparator_*`` take kinds one by one.
"""

from __future__ import annotations

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
    nested_mapping,
    primitives,
    records,
    table,
)

ROWS = 120


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


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: five equal values, one different"
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
