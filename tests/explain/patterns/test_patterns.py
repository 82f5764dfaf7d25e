"""Causes besides imports: found where they are, quiet where they are not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from support.import_packages import RUNNER, write_package

from bench.core.target import Benchmark
from bench.explain.patterns.census import CacheCount, Census, ClassCount, take_census
from bench.explain.patterns.early_exit import early_exit
from bench.explain.patterns.hot import frame_times, hot_functions
from bench.explain.patterns.memory import caches, slots
from bench.explain.profile.frames import Frame
from bench.explain.rank.ranking import Ranking
from bench.explain.rank.sources import ModuleSource

_OBJECTS = """\
from dataclasses import dataclass
from functools import lru_cache


@dataclass
class Point:
    x: int
    y: int


class Small:
    __slots__ = ("x",)


class Error(ValueError):
    pass


@lru_cache(maxsize=4)
def double(value):
    return 2 * value


points = [Point(one, one) for one in range(1000)]
small = [Small()]
errors = [Error()]
for one in range(100):
    double(one)
"""

_FUNCTIONS = """\
class Own:
    def loop(self, words):
        found = []
        for word in words:
            found.append(word.a)
        return found


def loop(words):
    return list([word for word in words])
"""


def test_classes_and_caches_are_counted_where_the_scenario_ends(tmp_path: Path) -> None:
    package = write_package(tmp_path, {"own/__init__.py": "", "own/a.py": _OBJECTS}, "import own.a")
    census = take_census(RUNNER, package.benchmark, package.invocation, {"own"})
    found = {one.name: one for one in census.classes}
    point = found["own.a.Point"]
    assert (point.at_end, point.is_dataclass, point.fields) == (1000, True, 2)
    assert point.with_dict > point.with_slots > 0
    assert found["own.a.Small"].has_slots
    assert "own.a.Error" not in found
    (cache,) = [one for one in census.caches if one.name == "own.a.double"]
    assert (cache.hits, cache.misses, cache.evicted) == (0, 100, 96)
    shown = [one for one in slots(census, 10_000) if one.pays]
    assert [one.where for one in shown] == ["own.a.Point"]
    assert shown[0].saving_bytes == 1000 * (point.with_dict - point.with_slots)


_GONE = """\
import gc
import time


class Point:
    def __init__(self, x):
        self.x = x
        self.y = [x]


def work():
    points = [Point(one) for one in range(5_000)]
    time.sleep(0.5)  # ten times as long as any look before
    gc.collect()
    return len(points)


work()
"""


def test_instances_that_are_gone_at_the_end_are_counted_by_their_peak(tmp_path: Path) -> None:
    package = write_package(tmp_path, {"own/__init__.py": "", "own/a.py": _GONE}, "import own.a")
    census = take_census(RUNNER, package.benchmark, package.invocation, {"own"})
    (point,) = census.classes
    assert (point.at_end, point.most, point.fields) == (0, 5_000, 2)
    assert census.counts > 1
    (found,) = slots(census, 10_000)
    assert found.saving_bytes == 5_000 * (point.with_dict - point.with_slots) > 0
    assert f"at most 5000 instances at once (in {census.counts} counts)" in found.evidence


def test_caches_that_pay_are_left_alone() -> None:
    made = tuple(
        CacheCount(name=name, hits=hits, misses=misses, limit=limit, entries=entries)
        for name, hits, misses, limit, entries in (
            ("pays", 900, 100, None, 100),
            ("finds nothing", 5, 1000, None, 1000),
            ("too small", 900, 600, 128, 128),
            ("rarely asked", 0, 3, None, 3),
        )
    )
    found = list(caches(Census((), made, 1e-6), 1e-4))
    assert [one.where for one in found] == ["finds nothing", "too small"]
    assert "472 results thrown away" in found[1].evidence
    assert found[0].saving_s == 1000 * 1e-6


def test_slots_on_a_rare_class_do_not_pay() -> None:
    rare = ClassCount(name="own.Rare", at_end=3, most=3, is_dataclass=False, has_slots=True,
                      fields=0, with_dict=0, with_slots=0)  # fmt: skip
    (found,) = slots(Census((rare,), (), 0.0), 0)
    assert not found.pays


def ranked(*command: str, process_s: float) -> Ranking:
    """As much of a ranking as is asked for."""
    recipe = SimpleNamespace(distribution="pip")
    made = SimpleNamespace(
        scenario=Benchmark(name="some", command=command),
        environment=SimpleNamespace(recipe=recipe),
        process_s=process_s,
        best_s=0.0,
    )
    return cast("Ranking", made)


def test_an_early_exit_is_bounded_by_what_the_answer_needs(tmp_path: Path) -> None:
    bare = write_package(tmp_path, {"own/__init__.py": ""}, "pass").invocation
    asked = ranked("own", "--help", process_s=1000.0)
    found = early_exit(asked, RUNNER, bare, 0.001)
    assert found is not None
    assert found.pays
    assert 900 < (found.saving_s or 0) < 1000
    assert early_exit(ranked("own", "--help", process_s=0.0), RUNNER, bare, 0.001) is None
    assert early_exit(ranked("own", "work", process_s=1000.0), RUNNER, bare, 0.001) is None


def test_hot_functions_have_the_findings_of_ruff_on_performance(tmp_path: Path) -> None:
    file = tmp_path / "site-packages" / "own" / "some.py"
    file.parent.mkdir(parents=True)
    file.write_text(_FUNCTIONS, encoding="utf-8")
    loop = Frame("Own.loop()", "own.some", "own")
    load = Frame("loads()", "json", "standard library")
    runs: list[dict[tuple[Frame, ...], float]] = [
        {(loop,): 30.0, (loop, load): 10.0},
        {(loop,): 10.0, (load,): 10.0},
    ]
    times = frame_times(runs)[loop]
    assert (times.own_s, times.whole_s) == (0.02, 0.025)
    sources = {"own.some": ModuleSource.parse("own.some", file)}
    own, other = hot_functions(runs, sources, 0.001)
    assert (own.name, own.file, other.name) == ("Own.loop", "own/some.py", "loads")
    assert [(one.line, one.rule) for one in own.hints] == [(5, "PERF401")]
    assert other.hints == ()
    assert [one.name for one in hot_functions(runs, sources, 0.015)] == ["Own.loop"]
