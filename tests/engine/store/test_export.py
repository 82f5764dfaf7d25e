"""pyperf files made from rounds, and what pyperf's own tools say to them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyperf
import pytest
from support.runs import ended, probed, rounds, whole, written

from bench.engine.store.events import Unavailable
from bench.engine.store.export import export_pyperf
from bench.engine.store.run import Run, read_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    events = [
        *whole()[:-1],
        probed("slow"), *rounds("slow", [0.1, 0.2, 0.3], [0.3, 0.6, 0.7]), ended("slow"),
        probed("broken"), *rounds("broken", [1.0], [1.0]), Unavailable("broken", ("head",), "no"),
        whole()[-1],
    ]  # fmt: skip
    made = read_run(written(tmp_path, events, "work", "slow", "broken", "never").folder)
    export_pyperf(made)
    return made


def suite(run: Run, side: str) -> pyperf.BenchmarkSuite:
    return pyperf.BenchmarkSuite.load(str(run.folder / f"{side}.json"))


def test_sides_have_equal_benchmarks_and_run_counts(run: Run) -> None:
    base, head = suite(run, "base"), suite(run, "head")
    names = ["work (cpu, duet)", "work (wall, alone)", "slow (cpu, duet)"]
    assert base.get_benchmark_names() == head.get_benchmark_names() == names
    for name in names:
        runs = [one.get_benchmark(name).get_runs() for one in (base, head)]
        assert len(runs[0]) == len(runs[1]) > 0
        pairs = [[single.get_metadata()["bench_round"] for single in side] for side in runs]
        assert pairs[0] == pairs[1] == list(range(len(runs[0])))


def test_values_are_those_of_the_rounds(run: Run) -> None:
    assert suite(run, "base").get_benchmark("slow (cpu, duet)").get_values() == (0.1, 0.2, 0.3)
    assert suite(run, "head").get_benchmark("slow (cpu, duet)").get_values() == (0.3, 0.6, 0.7)


@pytest.mark.parametrize("command", ["stats", "hist", "check", "show", "metadata", "dump"])
def test_pyperf_reads_a_side(run: Run, command: str) -> None:
    assert perf(command, run.folder / "base.json")


def test_pyperf_compares_the_sides(run: Run) -> None:
    said = perf("compare_to", run.folder / "base.json", run.folder / "head.json")
    assert "slow" in said


def perf(command: str, *files: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pyperf", command, *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_measured_exports_nothing(tmp_path: Path) -> None:
    made = read_run(written(tmp_path, [], "work").folder)
    export_pyperf(made)
    assert not (made.folder / "base.json").exists()
