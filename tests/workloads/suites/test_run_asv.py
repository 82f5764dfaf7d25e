"""Benchmarks of a small asv suite, as a worker runs them with the suite's own asv_runner."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.suite_workers import CALIBRATE, VALUES, Done, work

from bench.core.target import Benchmark
from bench.workloads.suites.telling import ABSENT

pytest.importorskip("asv_runner")

SUITE = """
import os
from .data import WORDS

class TimeSuite:
    params = [[10, 1000], ["a", "b"]]
    param_names = ["n", "letter"]

    def setup_cache(self):
        with open("made.txt", "a") as stream:
            stream.write("x")
        return list(range(2000))

    def setup(self, cache, n, letter):
        assert open("made.txt").read() == "x"
        if (n, letter) == (10, "b"):
            raise NotImplementedError
        self.data = cache[:n]

    def teardown(self, cache, n, letter):
        del self.data

    def time_sum(self, cache, n, letter):
        sum(self.data)

    def peakmem_list(self, cache, n, letter):
        list(range(n))

    def track_length(self, cache, n, letter):
        return len(self.data)

class Once:
    number = 1

    def setup(self):
        self.left = list(WORDS)

    def time_pop(self):
        self.left.pop()

def track_nothing():
    return 0

def track_words():
    return "many"

def timeraw_import():
    return "import json"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "tree" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "data.py").write_text('WORDS = ("one",)\n')
    (folder / "suite.py").write_text(SUITE)
    return folder.parent


def asv(project: Path, name: str, *options: str) -> Done:
    return work(project, Benchmark(name="x", asv=f"benchmarks::suite.{name}"), *options)


def test_setup_caches_parameters_and_teardown(project: Path) -> None:
    assert asv(project, "TimeSuite.time_sum", *CALIBRATE).metadata["loops"] > 100
    done = asv(project, "TimeSuite.time_sum-2", *VALUES)  # the cache is made once
    assert (done.status, done.last, len(done.values_s)) == (0, "", 3)


def test_a_setup_for_each_number_of_calls(project: Path) -> None:
    done = asv(project, "Once.time_pop", *VALUES)
    assert (done.status, done.last, len(done.values_s)) == (0, "", 3)


def test_figures_that_are_no_times(project: Path) -> None:
    assert asv(project, "TimeSuite.track_length", *VALUES).values_s == [10 + 1000 + 1000]
    assert len(asv(project, "TimeSuite.peakmem_list", *VALUES).values_s) == 1


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("TimeSuite.time_sum-1", ABSENT, "its setup skips it"),
        ("TimeSuite.time_gone", ABSENT, "there is no asv benchmark suite.TimeSuite.time_gone"),
        ("track_nothing", 1, "it returned 0: only what is above zero can be compared"),
        ("track_words", 1, "it returned 'many', which is no number"),
        ("timeraw_import", 1, "is of a kind that is not supported"),
    ],
)
def test_one_sentence_where_nothing_is_measured(
    project: Path, name: str, status: int, words: str
) -> None:
    done = asv(project, name, *VALUES)
    assert (done.status, done.values_s) == (status, [])
    assert words in done.last
