"""codeflash's comparator on parsed settings, mappings of mappings and lists.

Something like a parsed configuration or a JSON answer, and the same with one number changed.
Values are built once and compared again and again: the comparator keeps nothing between calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyperf
from codeflash.verification.comparator import comparator

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.comparison import Case, check_comparator, compare_all, nested_mapping

SECTIONS = 60


def build_cases() -> list[Case]:
    """Return an equal pair, and one that differs in a single number of its last section."""
    changed = nested_mapping(SECTIONS)
    changed[f"section-{SECTIONS - 1}"]["limits"]["key-7"] += 1
    return [
        (nested_mapping(SECTIONS), nested_mapping(SECTIONS), True),
        (nested_mapping(SECTIONS), changed, False),
    ]


def main() -> None:
    """Check, then time."""
    cases = build_cases()
    check_comparator(comparator, cases)
    runner = pyperf.Runner()
    runner.metadata["description"] = (
        "codeflash comparator: parsed settings, mappings of mappings and lists"
    )
    pairs = [case[:2] for case in cases]
    runner.bench_func("codeflash_comparator_nested", compare_all, comparator, pairs)


if __name__ == "__main__":
    main()
