"""codeflash's comparator on types that one == settles.

Decimals, bytes, sets, ranges, enumerations, types and the like: what a comparator may hand to
``==`` as soon as it knows the type. How it finds that out is what costs.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import Case, check_comparator, compare_all, equal_cases, identity_values

COUNT = 180


def build_cases() -> list[Case]:
    """Return an equal pair for each value, and one pair that differs."""
    return [*equal_cases(identity_values(COUNT), identity_values(COUNT)), (b"one", b"two", False)]


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: types that one == settles"
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator_identity", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
