"""codeflash's comparator on rows of a database cursor.

Tuples of six columns, one of them a date; and the same with another last column in the last row.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import FIRST_DAY, Case, check_comparator, compare_all, table

ROWS = 150


def build_cases() -> list[Case]:
    """Return an equal pair, and one that differs in its very last column."""
    changed = table(ROWS)
    changed[-1] = (*changed[-1][:-1], FIRST_DAY)
    return [(table(ROWS), table(ROWS), True), (table(ROWS), changed, False)]


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash comparator: rows of a database cursor"
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator_rows", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
