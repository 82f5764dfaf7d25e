"""How figures look."""

from __future__ import annotations

import math

import pytest

from bench.core.result import Size
from bench.core.sample import Design, Metric
from bench.core.verdict import Interval
from bench.formats import text

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (NAN, "–"),
        (INF, "–"),
        (0.0342, "34.2 ms"),
        (1.0, "1.00 s"),
        (12.34, "12.3 s"),
        (345.6, "346 s"),
        (0.00001234, "12.3 µs"),
        (5e-9, "5.00 ns"),
        (5e-10, "0.5 ns"),
    ],
)
def test_seconds(value: float | None, words: str) -> None:
    assert text.seconds(value) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], []),
        ([0.5], ["500 ms"]),
        ([0.5, 0.505, 0.51], ["500 ms", "505 ms", "510 ms"]),
        ([0.5, 0.5005], ["500.0 ms", "500.5 ms"]),
        ([0.0, 0.8, 1.6], ["0.0 s", "0.8 s", "1.6 s"]),
        ([0.0, 2e-6], ["0 µs", "2 µs"]),
    ],
)
def test_seconds_on_an_axis(values: list[float], words: list[str]) -> None:
    assert text.seconds_on_axis(values) == words


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, "–"),
        (Interval(1.012, 0.997, 1.028), "+1.2% (−0.3 … +2.8)"),
        (Interval(0.85, 0.84, 0.86), "−15.0% (−16.0 … −14.0)"),
        (Interval(0.5, 0.4, 0.625), "2.00x faster (1.60–2.50)"),
        (Interval(2.0, 1.6, 2.5), "2.00x slower (1.60–2.50)"),
        (Interval(0.03, 0.02, 0.04), "33.3x faster (25.0–50.0)"),
        (Interval(0.5, 0.25, 2.0), "2.00x faster (2.00x slower … 4.00x faster)"),
        (Interval(2.0, 0.5, 4.0), "2.00x slower (2.00x faster … 4.00x slower)"),
        (Interval(0.7, 0.0, INF), "1.43x faster (unbounded)"),
        (Interval(1.01, 0.0, INF), "+1.0% (unbounded)"),
        (Interval(1.01, 0.9, INF), "+1.0% (unbounded)"),
        (Interval(NAN, NAN, NAN), "–"),
    ],
)
def test_change(interval: Interval | None, words: str) -> None:
    assert text.change(interval) == words


@pytest.mark.parametrize(
    ("ratio", "words", "alone"),
    [
        (0.5, "2.00x", "2.00x faster"),
        (3.0, "3.00x", "3.00x slower"),
        (0.9, "−10.0%", "−10.0%"),
        (1.05, "+5.0%", "+5.0%"),
        (NAN, "–", "–"),
        (0.0, "–", "–"),
        (0.9999, "0.0%", "0.0%"),
    ],
)
def test_magnitude(ratio: float, words: str, alone: str) -> None:
    assert text.magnitude(ratio) == words
    assert text.magnitude_with_direction(ratio) == alone


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, "–"),
        (Interval(1.0, 0.99, 1.02), "±2.0%"),
        (Interval(1.0, 0.0, INF), "–"),
        (Interval(NAN, NAN, NAN), "–"),
    ],
)
def test_half_width(interval: Interval | None, words: str) -> None:
    assert text.plus_minus(interval) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0.00002, "< 0.0001"), (0.0041, "0.0041"), (0.123, "0.12"), (1.0, "1.00")],
)
def test_probability(value: float | None, words: str) -> None:
    assert text.probability(value) == words


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        (None, 1, "–"),
        (40, 40, "same"),
        (40, 20, "2.00 times less"),
        (20, 50, "2.50 times as much"),
        (100, 90, "−10.0%"),
        (10_000, 9_999, "0.0%"),
        (0, 1200, "+1,200"),
        (3, 0, "−3"),
    ],
)
def test_amounts(base: float | None, head: float | None, words: str) -> None:
    assert text.amount(base, head) == words


def test_counts_are_fewer_and_not_less() -> None:
    assert text.amount(40, 20, of_count=True) == "2.00 times fewer"
    assert text.amount(20, 50, of_count=True) == "2.50 times as many"
    assert text.amount(100, 90, of_count=True) == "−10.0%"


def test_before_and_after_name_one_unit_once() -> None:
    assert text.before_after(0.0809, 0.0594) == "80.9 → 59.4 ms"
    assert text.before_after(1.2, 0.5) == "1.20 s → 500 ms"
    assert text.before_after(None, 0.5) == "– → 500 ms"


def test_other_words() -> None:
    assert text.mebibytes(None) == "–"
    assert text.mebibytes(3 * 2**19) == "1.5 MiB"
    assert text.gibibytes(3 * 2**29) == "1.5 GiB"
    assert text.share(0.0034) == "0.3%"
    assert text.share(None) == "–"
    assert text.confidence(0.05) == "95%"
    assert text.confidence(0.0125) == "98.75%"
    assert text.duration(161) == "2 min 41 s"
    assert text.duration(5.2) == "5 s"
    assert text.counted(1, "benchmark") == "1 benchmark"
    assert text.counted(3, "benchmark") == "3 benchmarks"
    assert [text.joined(list(letters)) for letters in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_source_of_a_size() -> None:
    def size(design: Design, rounds: int) -> Size:
        interval = Interval(0.5, 0.4, 0.6)
        return Size(interval=interval, design=design, metric=Metric.CPU, rounds=rounds)

    assert text.source_words(size(Design.PAIRS, 17)) == "17 pairs, CPU time"
    assert text.source_words(size(Design.DUET, 9)) == "9 duets, CPU time"
    assert text.source_words(None) == "–"
