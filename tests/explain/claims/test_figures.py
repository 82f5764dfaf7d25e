"""Figures of speed in made-up sentences."""

from __future__ import annotations

import pytest

from bench.explain.claims.figures import find_figures, seconds_of


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("1.8x faster", 1.8),
        ("2× faster start", 2.0),
        ("a ~1.5x speedup of the parser", 1.5),
        ("a 3 x speed-up", 3.0),
        ("sped up by 2.5x", 2.5),
        ("runs 1,200x faster", 1200.0),
        ("a 347× speedup", 347.0),
        ("a 26x performance improvement", 26.0),
        ("35% faster", 1.35),
        ("a 35% speed-up", 1.35),
        ("a 35% speed up", 1.35),
        ("35 % runtime improvement", 1.35),
        ("a 12% (0.12x) speedup", 1.12),
        ("588% (5.88x) speedup", 6.88),
        ("18222% speedup", 183.22),
        ("Runtime improved 51%", 1.51),
        ("speeds up `Walker.visit` by 20% in all", 1.2),
        ("45% overall speedup", 1.45),
        ("50% less time", 2.0),
        ("reduces the run time by 50%", 2.0),
        ("a 20% runtime reduction", 1.25),
        ("cuts startup time by 75%", 4.0),
        ("from 80 ms to 40 ms", 2.0),
        ("from 80ms down to 40ms", 2.0),
        ("80 ms → 40 ms", 2.0),
        ("80 → 40 ms", 2.0),
        ("~80ms -> ~40ms", 2.0),
        ("80 ms --> 40 ms", 2.0),
        ("80 ms => 40 ms", 2.0),
        ("from 8.0 to 4.0 microseconds", 2.0),
        ("2 s → 500 ms", 4.0),
        ("1.5 ms → 500 µs", 3.0),
        ("1.5 ms → 500 μs", 3.0),
        ("900ns → 300 ns", 3.0),
        ("2 min → 30 s", 4.0),
        ("79.1 ± 0.8 ms → 39.55 ± 0.5 ms", 2.0),
        ("Before: 500ms (all imported)\nAfter:  ~20ms (none)", 25.0),
        ("before: 1.2 s\nafter: 0.4 s", 3.0),
    ],
)
def test_one_ratio(text: str, ratio: float) -> None:
    (found,) = find_figures(text)
    assert found.ratio == pytest.approx(ratio)


@pytest.mark.parametrize(
    "text",
    [
        "a 35% speedup (2.70 ms → 2.00 ms)",
        "from 2.70 ms to 2.00 ms (35% faster)",
        "1.35x faster (2.70 → 2.00 ms)",
        "2.70 ms → 2.00 ms (1.35x)",
        "Runtime: 2.70ms -> 2.00ms (≈35% speedup)",
        "cut from 2.70ms to 2.00ms—a 35% speedup",
    ],
)
def test_times_and_what_they_come_to_are_one_figure(text: str) -> None:
    (found,) = find_figures(text)
    assert found.before_s == pytest.approx(2.7e-3)
    assert found.after_s == pytest.approx(2e-3)
    assert found.ratio == pytest.approx(1.35)


def test_times_decide_over_a_per_cent_of_another_meaning() -> None:
    (found,) = find_figures("a 26% runtime reduction from 2.70 ms to 2.00 ms")
    assert found.ratio == pytest.approx(1.35)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no figure at all",
        "49% slower",
        "1.2x slower",
        "a 60% reduction of memory",
        "3,700x complexity reduction",
        "2x fewer calls",
        "344 → 136 bytes",
        "uses 40% less memory",
        "from 10 ms to 20 ms",
        "increase the timeout from 30 s to 10 s",
        "polling interval 5 s → 1 s",
        "tested on 3 x 4 matrices",
        "covers 90% of lines",
        "20-30% faster on small inputs",
        "between 20% and 30% faster",
        "O(n) to O(1)",
        "version 1.2 to 1.3",
        "the loop takes 71% of total time",
        "12x12 boards",
        "python3.12x faster",
    ],
)
def test_what_is_no_speed_up(text: str) -> None:
    assert find_figures(text) == ()


def test_several_figures_stand_where_they_stand() -> None:
    text = "parse 1.39x faster, merge 1.43x faster; write 3 ms → 2 ms (1.5x)"
    found = find_figures(text)
    assert [one.ratio for one in found] == pytest.approx([1.39, 1.43, 1.5])
    assert [text[one.start : one.start + 3] for one in found] == ["1.3", "1.4", "3 m"]


def test_the_best_of_several_is_marked() -> None:
    (found,) = find_figures("up to 5x faster on long inputs")
    assert found.at_most


def test_a_ratio_of_other_times_is_its_own() -> None:
    first, second = find_figures("the sort fell from 500 µs to 200 µs, yielding a 45% speedup")
    assert [first.ratio, second.ratio] == pytest.approx([2.5, 1.45])


def test_seconds_of_units() -> None:
    assert seconds_of("1,500", "milliseconds") == pytest.approx(1.5)
    assert seconds_of("2", "mins") == 120
