"""Tests under the harness's own benchmark fixture, as a worker runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.suite_workers import CALIBRATE, VALUES, Done, work

from bench.core.target import Benchmark
from bench.workloads.suites.telling import ABSENT

TESTS = """
import time
import pytest

CALLS = []

@pytest.mark.parametrize("n", [1, 3])
def test_cases(benchmark, n):
    assert benchmark(lambda: CALLS.append(n) or n) == n

@pytest.mark.benchmark
def test_marked(tmp_path):
    CALLS.append(0)

def test_counted(benchmark):
    made = []
    def setup():
        made.append([])
        return (made[-1],), {"x": 1}
    def once(one, x):
        assert not one
        one.append(x)
        time.sleep(0.001)
    benchmark.pedantic(once, setup=setup, rounds=4, warmup_rounds=1)
    assert len(made) == 5

def test_asks(benchmark):
    benchmark(sum, [1])
    assert benchmark.stats["mean"] == benchmark.stats.stats.mean > 0
    assert benchmark.extra_info == {} and benchmark.name == "test_asks"

def test_fails(benchmark):
    assert benchmark(sum, [1]) == 2

def test_twice(benchmark):
    benchmark(sum, [1])
    benchmark(sum, [1])

def test_skipped(benchmark):
    pytest.skip("not today")

def test_plain():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    # What a project's settings ask for does not matter: plugins may be missing here.
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --nonsense -x\n", encoding="utf-8")
    return folder


def run_tests(project: Path, wanted: str, *options: str, cpu_clock: bool = False) -> Done:
    """One worker for some of the tests."""
    return work(project, Benchmark(name="x", pytest=wanted), *options, cpu_clock=cpu_clock)


def test_values_of_a_function_that_may_be_called_often(project: Path) -> None:
    done = run_tests(project, "test_it.py::test_cases[3]", *VALUES)
    assert (done.status, len(done.values_s), done.metadata["loops"]) == (0, 3, 2)


def test_cases_and_tests_together_make_a_value(project: Path) -> None:
    done = run_tests(project, "test_it.py::test_cases", *VALUES)
    assert (done.status, len(done.values_s)) == (0, 3)


def test_loops_are_found_out(project: Path) -> None:
    assert run_tests(project, "test_it.py::test_marked", *CALIBRATE).metadata["loops"] > 100
    assert run_tests(project, "test_it.py::test_counted", *CALIBRATE).metadata["loops"] == 1


def test_a_test_that_says_how_often_runs_again_for_each_value(project: Path) -> None:
    done = run_tests(project, "test_it.py::test_counted", *VALUES)
    assert (done.status, done.last, len(done.values_s)) == (0, "", 3)
    assert min(done.values_s) >= 0.001
    by_cpu = run_tests(project, "test_it.py::test_counted", *VALUES, cpu_clock=True)
    assert max(by_cpu.values_s) < min(done.values_s)
    assert by_cpu.metadata["explained"] < 0.8  # it sleeps


def test_what_tests_ask_of_the_fixture(project: Path) -> None:
    done = run_tests(project, "test_it.py::test_asks", *VALUES)
    assert (done.status, done.last) == (0, "")


@pytest.mark.parametrize(
    ("test", "status", "words"),
    [
        ("test_fails", 1, "test_it.py::test_fails failed: assert 1 == 2"),
        ("test_skipped", ABSENT, "test_it.py::test_skipped is skipped: not today"),
        ("test_gone", ABSENT, "there is no test test_it.py::test_gone"),
    ],
)
def test_one_sentence_where_nothing_is_measured(
    project: Path, test: str, status: int, words: str
) -> None:
    done = run_tests(project, f"test_it.py::{test}", *VALUES)
    assert (done.status, done.values_s) == (status, [])
    assert words in done.last


def test_the_plugin_that_wants_no_other_fixture(project: Path) -> None:
    package = project.parent / "site" / "pytest_benchmark"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "hookspec.py").write_text("def pytest_benchmark_update_json(config): ...\n")
    (package / "plugin.py").write_text("def pytest_runtest_setup(item): raise TypeError('ours')\n")
    installed = package.with_name("pytest_benchmark-5.0.dist-info")
    installed.mkdir()
    (installed / "METADATA").write_text("Name: pytest-benchmark\nVersion: 5.0\n")
    points = "[pytest11]\nbenchmark = pytest_benchmark.plugin\n"
    (installed / "entry_points.txt").write_text(points)
    (project / "conftest.py").write_text("def pytest_benchmark_update_json(config): ...\n")
    done = run_tests(project, "test_it.py::test_asks", *VALUES)
    assert (done.status, done.last) == (0, "")


def test_a_file_that_cannot_be_collected(project: Path) -> None:
    (project / "test_bad.py").write_text("import pytest_benchmark_nowhere\n")
    done = run_tests(project, "test_bad.py", *VALUES)
    assert done.status == 1
    assert "test_bad.py cannot be collected: ModuleNotFoundError" in done.last
    assert run_tests(project, "nowhere/*.py", *VALUES).last == "there is no nowhere/*.py"


def test_a_module_that_is_not_the_installed_one_is_refused(project: Path) -> None:
    (project / "measured.py").write_text("def work(): ...\n")
    (project / "test_own.py").write_text(
        "import measured\ndef test_it(benchmark):\n    benchmark(measured.work)\n"
    )
    benchmark = Benchmark(name="x", pytest="test_own.py")
    done = work(project, benchmark, *VALUES, modules=("measured",))
    assert done.status == 1
    assert "not as it is installed" in done.last
