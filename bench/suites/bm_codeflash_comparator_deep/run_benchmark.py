"""codeflash's comparator on a structure 120 levels deep.

Lists and mappings inside each other, so that the recursion itself is what costs; and the same with
another leaf, which is found only at the bottom.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import Case, check_comparator, compare_all, deep_structure

DEPTH = 120
COPIES = 8


def build_cases() -> list[Case]:
    """Return equal pairs, and one that differs in its innermost leaf."""
    equal = [(deep_structure(DEPTH), deep_structure(DEPTH), True) for _ in range(COPIES)]
    return [*equal, (deep_structure(DEPTH), deep_structure(DEPTH, leaf="other"), False)]


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: a structure 120 levels deep"
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator_deep", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
