"""Tests under the harness's own benchmark fixture, as a worker runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyperf
import pytest

from bench.workloads.suites.telling import ABSENT, PYTEST, tell_pytest

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


def work(
    project: Path, wanted: str, *options: str, clock: str = "wall"
) -> tuple[int, str, list[float], int]:
    """Status, last words, values and loops of one worker."""
    out = project.parent / "out.json"
    told = tell_pytest("x", wanted, project, (), cpu_clock=clock == "cpu")
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 3>"$0"', str(out), sys.executable, str(PYTEST), told,
         "--worker", "--worker-task", "0", "--pipe", "3", *options],
        env={"HOME": str(project.parent), "PYTHONSAFEPATH": "1", "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    if not out.read_bytes():
        return done.returncode, last, [], 0
    run = pyperf.Benchmark.loads(out.read_text())
    return done.returncode, last, list(run.get_values()), run.get_metadata()["loops"]


VALUES = ("--warmups", "1", "--values", "3", "--loops", "2")


def test_values_of_a_function_that_may_be_called_often(project: Path) -> None:
    status, _, values, loops = work(project, "test_it.py::test_cases[3]", *VALUES)
    assert (status, len(values), loops) == (0, 3, 2)


def test_cases_and_tests_together_make_a_value(project: Path) -> None:
    status, _, values, _ = work(project, "test_it.py::test_[cm][ao]*", *VALUES)
    assert status == ABSENT  # what follows a bracket is the name of a case, and no pattern
    status, _, values, _ = work(project, "test_it.py::test_cases", *VALUES)
    assert (status, len(values)) == (0, 3)


def test_loops_are_found_out(project: Path) -> None:
    options = ("--calibrate-loops", "--warmups", "0", "--values", "1", "--min-time", "0.02")
    status, _, _, loops = work(project, "test_it.py::test_marked", *options)
    assert status == 0
    assert loops > 100
    assert work(project, "test_it.py::test_counted", *options)[3] == 1


def test_a_test_that_says_how_often_runs_again_for_each_value(project: Path) -> None:
    status, last, values, _ = work(project, "test_it.py::test_counted", *VALUES)
    assert (status, last, len(values)) == (0, "", 3)
    assert min(values) >= 0.001
    by_cpu = work(project, "test_it.py::test_counted", *VALUES, clock="cpu")[2]
    assert max(by_cpu) < min(values)


def test_what_tests_ask_of_the_fixture(project: Path) -> None:
    assert work(project, "test_it.py::test_asks", *VALUES)[:2] == (0, "")


@pytest.mark.parametrize(
    ("test", "status", "words"),
    [
        ("test_fails", 1, "test_it.py::test_fails failed: assert 1 == 2"),
        ("test_twice", 1, "failed: it uses the benchmark fixture twice"),
        ("test_skipped", ABSENT, "test_it.py::test_skipped is skipped: not today"),
        ("test_plain", 1, "has neither the benchmark fixture nor its mark"),
        ("test_gone", ABSENT, "there is no test test_it.py::test_gone"),
    ],
)
def test_one_sentence_where_nothing_is_measured(
    project: Path, test: str, status: int, words: str
) -> None:
    found, last, values, _ = work(project, f"test_it.py::{test}", *VALUES)
    assert (found, values) == (status, [])
    assert words in last


def test_a_file_that_cannot_be_collected(project: Path) -> None:
    (project / "test_bad.py").write_text("import pytest_benchmark_nowhere\n")
    status, last, _, _ = work(project, "test_bad.py", *VALUES)
    assert status == 1
    assert "test_bad.py cannot be collected: ModuleNotFoundError" in last
    assert work(project, "nowhere/*.py", *VALUES)[:2] == (ABSENT, "there is no nowhere/*.py")


def test_a_module_that_is_not_the_installed_one_is_refused(project: Path) -> None:
    (project / "measured.py").write_text("def work(): ...\n")
    (project / "test_own.py").write_text(
        "import measured\ndef test_it(benchmark):\n    benchmark(measured.work)\n"
    )
    told = json.loads(tell_pytest("x", "test_own.py", project, ("measured",), cpu_clock=False))
    done = subprocess.run(
        [sys.executable, str(PYTEST), json.dumps(told)],
        capture_output=True, text=True, check=False,
        env={"HOME": str(project.parent), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 1
    assert "not as it is installed" in done.stderr
