"""Shapes besides imports: found where they are, quiet where they are not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from support.import_packages import RUNNER, write_package

from bench.core.target import Benchmark
from bench.explain.patterns.census import Cache, Census, Class, take_census
from bench.explain.patterns.early_exit import early_exit
from bench.explain.patterns.hot import hot_frames, hot_shapes, listed
from bench.explain.patterns.memory import caches, slots
from bench.explain.patterns.shapes import Shape, functions_of, shapes_of
from bench.explain.profile.frames import Frame
from bench.explain.rank.analysis import Analysis
from bench.explain.rank.sources import Source

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
import re


def loop(self, words):
    for word in words:
        self.a.b(word)
        self.a.b(word)
        self.a.b(word)
        re.compile("x+").match(word)
        re.compile(word)


def chain(one):
    if isinstance(one, dict) or isinstance(one, tuple):
        return 1
    elif isinstance(one, int):
        return 2
    return isinstance(one, str) and isinstance(one, list)


def __eq__(self, other):
    return self.a == other.a


def quiet(words):
    return [word.a for word in words]
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
    assert census.looks > 1
    (found,) = slots(census, 10_000)
    assert found.saving_bytes == 5_000 * (point.with_dict - point.with_slots) > 0
    assert f"at most 5000 instances at once (seen in {census.looks} looks)" in found.evidence


def test_caches_that_pay_are_left_alone() -> None:
    made = tuple(
        Cache(name, hits, misses, limit, entries)
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
    rare = Class("own.Rare", 3, 3, is_dataclass=False, has_slots=True, fields=0, with_dict=0,
                 with_slots=0)  # fmt: skip
    (found,) = slots(Census((rare,), (), 0.0), 0)
    assert not found.pays


def analysed(*command: str, process_s: float) -> Analysis:
    """As much of an analysis as is asked for."""
    recipe = SimpleNamespace(distribution="pip")
    made = SimpleNamespace(
        scenario=Benchmark(name="some", command=command),
        environment=SimpleNamespace(recipe=recipe),
        process_s=process_s,
        best_s=0.0,
    )
    return cast("Analysis", made)


def test_an_early_exit_is_bounded_by_what_the_answer_needs(tmp_path: Path) -> None:
    bare = write_package(tmp_path, {"own/__init__.py": ""}, "pass").invocation
    asked = analysed("own", "--help", process_s=1000.0)
    found = early_exit(asked, RUNNER, bare, 0.001)
    assert found is not None
    assert found.pays
    assert 900 < (found.saving_s or 0) < 1000
    assert early_exit(analysed("own", "--help", process_s=0.0), RUNNER, bare, 0.001) is None
    assert early_exit(analysed("own", "work", process_s=1000.0), RUNNER, bare, 0.001) is None


def source(tmp_path: Path) -> Source:
    file = tmp_path / "some.py"
    file.write_text(_FUNCTIONS, encoding="utf-8")
    return Source.parse("own.some", file)


def shapes(some: Source, name: str) -> list[Shape]:
    return [
        shape for one in functions_of(some, name) for shape in shapes_of(some, one, frozenset())
    ]


def test_shapes_are_found_by_reading(tmp_path: Path) -> None:
    some = source(tmp_path)
    said = [one.evidence for one in shapes(some, "loop")]
    assert any("`self.a.b`" in one for one in said)
    assert any("the pattern `'x+'` is given" in one for one in said)
    assert not any("word" in one for one in said)
    joined, chained = shapes(some, "chain")
    assert "one call could name all types" in joined.evidence
    assert "`one` is asked for its type in 5 places" in chained.evidence
    (equal,) = shapes(some, "__eq__")
    assert "self is other" in equal.change
    assert shapes(some, "quiet") == []


def test_only_hot_functions_are_read_and_only_where_they_ran(tmp_path: Path) -> None:
    loop, load = Frame("loop()", "own.some", "own"), Frame("loads()", "json", "standard library")
    runs: list[dict[tuple[Frame, ...], float]] = [
        {(loop,): 30.0, (loop, load): 10.0},
        {(loop,): 10.0, (load,): 10.0},
    ]
    hot = hot_frames(runs)
    assert hot[loop].own_s == 0.02
    assert hot[loop].whole_s == 0.025
    some = source(tmp_path)
    sources = {"own.some": some}
    ran = {(str(some.file), line) for line in range(4, 11)}
    assert len(hot_shapes(hot, sources, frozenset(), ran, 0.01)) == 2
    assert hot_shapes(hot, sources, frozenset(), ran, 0.05) == []
    assert hot_shapes(hot, sources, frozenset(), {(str(some.file), 5)}, 0.01) == []
    assert [one.name for one in listed(hot, 0.015)] == ["loop"]
