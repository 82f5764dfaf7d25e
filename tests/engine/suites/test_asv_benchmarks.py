"""Which benchmarks an asv suite has, and what they are called."""

from __future__ import annotations

from support.suite_trees import SuiteTree

from bench.core.target import Benchmark
from bench.engine.suites.asv_benchmarks import benchmark_folder, find_benchmarks
from bench.engine.suites.expand import expand

SUITE = """
class _Hidden:
    def time_no(self): ...

class Base:
    params = ([1, 2], ["a"])
    def setup(self, n, letter): ...
    def time_base(self, n, letter): ...

class Derived(Base):
    def peakmem_own(self, n, letter): ...

class Untold:
    params = SIZES
    def time_untold(self, n): ...

def time_free(): ...
def track_count(n): ...
track_count.params = [10, 20]
def helper(): ...
"""
TREE = SuiteTree(
    {
        "benchmarks/asv.conf.json": '{\n// "benchmark_dir": "no",\n "benchmark_dir": "./inner/"}',
        "benchmarks/inner/__init__.py": "",
        "benchmarks/inner/deep/suite.py": SUITE,
        "benchmarks/helper.py": "def time_helper(): ...",
    }
)


def test_benchmarks_and_their_parameters() -> None:
    assert [(one.name, one.cases) for one in find_benchmarks(SUITE)] == [
        ("Base.time_base", ("1-a", "2-a")),
        ("Derived.peakmem_own", ("1-a", "2-a")),
        ("Derived.time_base", ("1-a", "2-a")),
        ("Untold.time_untold", ()),
        ("time_free", ()),
        ("track_count", ("10", "20")),
    ]
    assert find_benchmarks("class (") == ()


def test_where_they_lie() -> None:
    assert benchmark_folder("{}") == "benchmarks"
    assert benchmark_folder(TREE.texts["benchmarks/asv.conf.json"]) == "inner"


def _meant(asv: str) -> dict[str, tuple[str, str]]:
    found = expand(Benchmark(name="asv", asv=asv), TREE)
    return {one.name: (one.asv.removeprefix("benchmarks/inner::"), one.metric) for one in found}


def test_a_suite_by_its_settings_or_its_folder() -> None:
    found = _meant("benchmarks")
    assert len(found) == 10
    assert found == _meant("benchmarks/inner")
    assert found["asv-deep-suite-untold"] == ("deep.suite.Untold.time_untold", "time")
    assert found["asv-deep-suite-derived-peakmem-own-2-a"] == (
        "deep.suite.Derived.peakmem_own-1", "peak_rss",
    )  # fmt: skip


def test_names_without_words_that_all_have() -> None:
    tree = SuiteTree(
        {"benchmarks/version.py": "class TimeVersionSuite:\n def time_sort(self): ..."}
    )
    (found,) = expand(Benchmark(name="asv", asv="benchmarks"), tree)
    assert found.name == "asv-version-sort"


def test_some_of_a_suite() -> None:
    assert list(_meant("benchmarks::*.time_base")) == [
        "asv-deep-suite-base-1-a", "asv-deep-suite-base-2-a",
        "asv-deep-suite-derived-base-1-a", "asv-deep-suite-derived-base-2-a",
    ]  # fmt: skip
    assert _meant("benchmarks::time_free") == {"asv": ("deep.suite.time_free", "time")}
    assert _meant("benchmarks::track_count-1") == {"asv": ("deep.suite.track_count-1", "time")}
    assert _meant("benchmarks::nothing") == {}
