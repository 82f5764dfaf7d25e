"""Which tests are benchmarks, read from text and held against pytest itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.suite_trees import SuiteTree

from bench.core.target import Benchmark
from bench.engine.suites.expand import expand
from bench.engine.suites.pytest_tests import Fixtures, find_tests

TESTS = """
import pytest

SIZES = [1, 2]

@pytest.fixture(params=[1, 2])
def varied(request): ...

@pytest.fixture
def bench(benchmark): ...

def test_plain(): ...

def test_small(benchmark): ...

@pytest.mark.parametrize("unit", ["s", pytest.param("long", id="minutes")])
@pytest.mark.parametrize("n, flag", [(10, True), (2.5, False)])
def test_cases(benchmark, n, flag, unit): ...

@pytest.mark.parametrize("n", SIZES)
def test_untold(benchmark, n): ...

@pytest.mark.parametrize("n", [1, 2], ids=["one", "two"])
def test_named(bench, n): ...

@pytest.mark.parametrize("n", [1, 2])
def test_varied(benchmark, varied, n): ...

@pytest.mark.benchmark(group="x")
def test_marked(): ...

class TestMany:
    def test_inner(self, benchmark): ...
    def test_other(self): ...
"""


def test_tests_and_their_cases() -> None:
    found = [node for test in find_tests(TESTS, Fixtures()) for node in test.nodes]
    assert found == [
        "test_small",
        "test_cases[10-True-s]",
        "test_cases[10-True-minutes]",
        "test_cases[2.5-False-s]",
        "test_cases[2.5-False-minutes]",
        "test_untold",
        "test_named[one]",
        "test_named[two]",
        "test_varied",
        "test_marked",
        "TestMany::test_inner",
    ]


def test_cases_are_called_as_pytest_calls_them(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS + "\n@pytest.fixture\ndef benchmark(): ...\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    theirs = {line.partition("::")[2] for line in listed.splitlines() if "::" in line}
    ours = {node for test in find_tests(TESTS, Fixtures()) for node in test.nodes}
    told = {node for node in ours if "[" in node}
    assert told <= theirs
    assert {node.partition("[")[0] for node in ours} < {node.partition("[")[0] for node in theirs}


def test_what_is_no_python_has_no_tests() -> None:
    assert find_tests("def (", Fixtures()) == ()


def test_a_mark_of_the_whole_file() -> None:
    text = (
        "pytestmark = [pytest.mark.benchmark]\n"
        "def test_a(): ...\nclass TestB:\n def test_c(self): ..."
    )
    assert [one.nodes for one in find_tests(text, Fixtures())] == [("test_a",), ("TestB::test_c",)]


TREE = SuiteTree(
    {
        "sub/tests/conftest.py": "@pytest.fixture\ndef timer(benchmark): ...",
        "sub/tests/bench/test_render.py": "def test_table(timer): ...\n"
        "@pytest.mark.parametrize('n', [10, 20])\ndef test_text(benchmark, n): ...",
        "sub/tests/bench/test_wrap.py": "def test_wrap_all(benchmark): ...",
        "sub/tests/test_other.py": "def test_other(): ...",
        "tests/bench/test_alien.py": "def test_alien(benchmark): ...",
    },
    project="sub",
)


def _meant(pytest: str, name: str = "suite") -> dict[str, str]:
    benchmark = Benchmark(name=name, pytest=pytest)
    return {one.name: one.pytest for one in expand(benchmark, TREE)}


def test_a_folder_means_all_its_benchmarks() -> None:
    assert _meant("tests/bench") == {
        "suite-render-table": "tests/bench/test_render.py::test_table",
        "suite-render-text-10": "tests/bench/test_render.py::test_text[10]",
        "suite-render-text-20": "tests/bench/test_render.py::test_text[20]",
        "suite-wrap-all": "tests/bench/test_wrap.py::test_wrap_all",
    }
    assert _meant("tests/*/test_w*.py") == _meant("tests/bench/test_wrap.py")


def test_one_test_keeps_its_name() -> None:
    path = "tests/bench/test_render.py"
    assert _meant(f"{path}::test_table", "table") == {"table": f"{path}::test_table"}
    assert _meant(f"{path}::test_text[20]", "text") == {"text": f"{path}::test_text[20]"}
    assert _meant(f"{path}::test_text", "text") == {
        "text-10": f"{path}::test_text[10]",
        "text-20": f"{path}::test_text[20]",
    }
    assert list(_meant(f"{path}::test_t*")) == [
        "suite-render-table", "suite-render-text-10", "suite-render-text-20",
    ]  # fmt: skip


def test_what_matches_nothing_means_nothing() -> None:
    assert _meant("tests/nowhere") == {}
    assert _meant("tests/test_other.py") == {}
