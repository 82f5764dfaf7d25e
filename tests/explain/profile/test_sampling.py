"""From samples to milliseconds of the process without a profiler."""

from __future__ import annotations

import pytest

from bench.core.sample import Sample
from bench.explain.profile.folded import total
from bench.explain.profile.frames import Frame
from bench.explain.profile.sampling import NO_FRAME, START, Sampled

MAIN = Frame("main()", "sample.cli", "sample")


def taking(seconds: float) -> Sample:
    return Sample(
        wall_s=seconds,
        user_s=seconds,
        system_s=0.0,
        peak_rss_bytes=1,
        minor_faults=1,
        major_faults=0,
        voluntary_switches=0,
        involuntary_switches=0,
    )


def test_a_run_is_as_long_as_the_bare_run_beside_it() -> None:
    sampled = Sampled()
    sampled.add({(MAIN,): 60, (): 20}, taking(0.1), taking(0.3), taking(0.02))
    sampled.add({(MAIN,): 30}, taking(0.2), taking(0.5), taking(0.02))
    first, second = sampled.runs
    assert first == pytest.approx({(START,): 20, (MAIN,): 60, (NO_FRAME,): 20})
    assert second == pytest.approx({(START,): 20, (MAIN,): 180})
    assert sampled.samples == 110
    assert sampled.total_s == pytest.approx(0.15)
    assert sampled.overhead.factor == pytest.approx(0.4 / 0.15)


def test_a_process_as_short_as_an_empty_one() -> None:
    sampled = Sampled()
    sampled.add({}, taking(0.01), taking(0.3), taking(0.02))
    assert total(sampled.runs[0]) == pytest.approx(10)
