"""What a module's objects cost later: collections that fall away, and finalisation."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.import_packages import RUNNER, write_package

from bench.explain.rank.collector import Afterwards, Collector
from bench.explain.rank.graph import Graph
from bench.explain.rank.recording import Recording, compile_recorder, take_process, take_times

# As recorded of `black --version` (25.1.0, Python 3.13): generation, objects made, milliseconds.
_PASSES = (
    (0, 2108, 0.31), (0, 4111, 0.44), (0, 6365, 0.3), (0, 8378, 0.24), (0, 10379, 0.32),
    (0, 12526, 0.42), (0, 14527, 0.41), (0, 16531, 0.29), (1, 18746, 4.35), (0, 20748, 0.35),
    (0, 22750, 0.26), (0, 24752, 0.46), (0, 26754, 0.22), (0, 28756, 0.17), (0, 30758, 0.15),
    (0, 32759, 0.59), (0, 34804, 0.44),
)  # fmt: skip
BLACK = Collector(
    before=6222,
    made=36217,
    counts=(98, 3, 0),
    thresholds=(2000, 10, 10),
    passes=tuple((which, at, took / 1e3) for which, at, took in _PASSES),
)


def test_a_collection_of_all_young_objects_falls_away_whole() -> None:
    assert BLACK.seconds_with(BLACK.made) == pytest.approx(BLACK.seconds, rel=0.1)
    # 16,600 objects that remain are eight collections of the youngest, and none beyond that.
    assert BLACK.seconds_with(16_600) == pytest.approx(8 * 0.00034, rel=0.15)
    # 20,000 are enough for one.
    assert BLACK.seconds_with(20_000) > 0.006


def test_where_the_long_collection_was_not_seen_nothing_is_known_of_when_it_falls() -> None:
    other = replace(BLACK, passes=(*BLACK.passes[:8], *BLACK.passes[9:]))
    assert other.seconds_with(BLACK.made / 2) == pytest.approx(other.seconds / 2)


def test_what_is_not_counted_like_that_is_shared_in_proportion() -> None:
    other = replace(BLACK, thresholds=(2000, 10, 0), passes=((1, 2000, 0.004), (1, 4000, 0.004)))
    assert other.seconds_with(other.made / 4) == pytest.approx(0.002)
    still = replace(BLACK, made=0, passes=())
    assert still.seconds_with(0) == 0
    assert Afterwards(still, {"a": 0.0}, 0.01).parts_s() == {"a": 0.0}


def test_the_oldest_objects_are_collected_once_enough_wait_for_it() -> None:
    many = replace(BLACK, counts=(0, 0, 0), made=2001 * (11 * 12 + 1))
    found = many._passes(many.made)
    assert [which for which, _ in found].count(2) == 1
    assert found[-1][0] == 2
    assert found[-1][1] == pytest.approx(many.made, rel=0.01)


def test_each_module_has_its_part_by_its_objects() -> None:
    objects = {"all": 36217.0, "half": 18108.5, "most": 20_000.0, "frees": -50.0}
    later = Afterwards(BLACK, objects, 0.042439)
    parts = later.parts_s()
    assert parts["all"] == pytest.approx(BLACK.seconds + 0.036217)
    assert parts["half"] == pytest.approx(parts["all"] / 2)
    assert parts["frees"] == 0
    assert later.correction_s(["frees"]) == 0
    # 55% of the objects are more than that of the collections: the long one is among them.
    assert later.correction_s(["most"]) > 0.001


def test_a_set_is_predicted_with_the_collections_that_fall_away() -> None:
    recording = Recording(
        before=frozenset(), modules={"most": ""}, appeared={}, places=(), lines=frozenset()
    )
    later = Afterwards(BLACK, {"most": 20_000.0}, 0.0)
    graph = Graph(recording, {"most": 1.0}, later)
    assert graph.total(["most"]) == 1.0
    assert graph.predicted(["most"]) == 1.0 + later.correction_s(["most"]) > 1.001
    assert graph.contracted([]).predicted(["most"]) == graph.predicted(["most"])
    assert Graph(recording, {"most": 1.0}).predicted(["most"]) == 1.0


def test_objects_collections_and_finalisation_of_a_process_are_recorded(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "import few, keeps, tries\n",
            "few.py": "ONE = []\n",
            "keeps.py": "KEPT = [[number] for number in range(200_000)]\n",
            "tries.py": "try:\n    import nowhere_at_all\nexcept ImportError:\n    pass\n",
        },
        "import own",
    )
    compile_recorder(Path(sys.executable))
    times = take_times(RUNNER, package.benchmark, package.invocation, 1)
    later = times.afterwards
    assert later is not None
    assert later.objects["keeps"] == pytest.approx(200_000, rel=0.05)
    assert later.objects["few"] < 1000
    assert later.finalisation_s > 0
    assert len(later.collector.passes) > 5
    # An import that fails is part of who tried it.
    assert "nowhere_at_all" not in times.own_s
    assert {"few", "keeps", "tries"} <= set(times.own_s)
    parts = later.parts_s()
    assert parts["keeps"] > 100 * parts["few"] > 0
    assert sum(times.own_s.values()) < times.process_s
    assert take_process(RUNNER, package.benchmark, package.invocation, 1) > parts["keeps"]
