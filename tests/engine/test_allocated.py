"""The verdict on bytes that were counted, and when there is none."""

from __future__ import annotations

import pytest

from bench.core.verdict import Verdict
from bench.engine.allocated import judged
from bench.formats.text import allocated_verdict, allocated_words


@pytest.mark.parametrize(
    ("base", "head", "verdict", "words"),
    [
        ((1000, 1000), (800, 800), Verdict.LESS_MEMORY, "less memory, exact"),
        ((1000, 1000), (1000, 1000), Verdict.SAME, "same, within ±2%, exact"),
        ((100000, 100000), (101000, 101000), Verdict.BELOW_MEI, "more memory, but below 2%, exact"),
        ((100000, 100050), (120000, 120000), Verdict.MORE_MEMORY, "more memory, to 0.1%"),
        ((100000, 100300), (120000, 120000), None, "not exact: the counts of one side differ by"),
        ((100000,), (120000,), None, "counted once"),
        ((), (120000,), None, "not counted"),
    ],
)
def test_verdict(
    base: tuple[int, ...], head: tuple[int, ...], verdict: Verdict | None, words: str
) -> None:
    found = judged(base, head, 0.02)
    assert found.verdict is verdict
    assert allocated_verdict(found).startswith(words)
    assert words in allocated_words(found)


def test_why_a_side_was_not_counted_is_said() -> None:
    found = judged((1000,), (), 0.02, "head: stopped after 600 s")
    assert allocated_words(found) == "allocated: head: stopped after 600 s"
