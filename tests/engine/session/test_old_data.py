"""Runs of the first format still give the figures that were published from them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bench.core.result import Result
from bench.engine.evaluation import evaluate
from bench.engine.store.run import read_run

DATA = Path(__file__).parents[2] / "data" / "format1"
EXPECTED: dict[str, dict[str, list[object]]] = json.loads((DATA / "figures.json").read_text())


def figures(result: Result) -> list[object]:
    """Verdict, rounds, ratio with its limits, and both medians in seconds."""
    if result.verdict is None or result.size is None:
        return [None]
    interval = result.size.interval
    return [
        result.verdict.name,
        result.rounds,
        *(_stored(value) for value in (interval.ratio, interval.low, interval.high)),
        _stored(result.base_s),
        _stored(result.head_s),
    ]


def _stored(value: float | None) -> object:
    return value if value is not None and math.isfinite(value) else str(value)


@pytest.mark.parametrize("place", sorted(EXPECTED))
def test_first_format_gives_the_same_figures(place: str) -> None:
    found = {result.name: figures(result) for result in evaluate(read_run(DATA / place)).results}
    assert found.keys() == EXPECTED[place].keys()
    for name, wanted in EXPECTED[place].items():
        for one, other in zip(found[name], wanted, strict=True):
            assert one == (pytest.approx(other, rel=1e-9) if isinstance(other, float) else other)
