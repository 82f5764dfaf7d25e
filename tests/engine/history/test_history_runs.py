"""A series from the command line to the page: measured, stopped, gone on with, with a gap."""

from __future__ import annotations

import csv
import signal
import time
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox, target_text

from bench.engine.store.series import read_series, series_folders

FAST = ("--no-report", "--rounds", "10", "--budget", "1", "--design", "pairs")
SLEEPS = 'name = "sleeps"\ncommand = ["sample", "sleep", "0.01"]'


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """main: v1.0.0 ── v1.0.1 ── v1.0.2 (does not build) ── v1.1.0 (much slower)."""
    made = Repository.create(tmp_path_factory.mktemp("history") / "repository")
    made.commit(sample_files("1.0.0"), "First", tag="v1.0.0")
    made.commit(sample_files("1.0.1"), "Second", tag="v1.0.1")
    made.commit(sample_files("1.0.2", build="breaks"), "Broken", tag="v1.0.2")
    made.commit(sample_files("1.1.0", units=6), "Much slower", tag="v1.1.0")
    return made


def run(
    sandbox: Sandbox, history: Repository, *options: str, revisions: str = "v1.0.0..v1.1.0"
) -> tuple[str | Path, ...]:
    return ("run", "sample", revisions, "--repo", history.path, *options)


def labels(sandbox: Sandbox) -> list[str]:
    return [one.manifest.pair.head.name for one in sandbox.runs]


def test_series_with_a_point_that_does_not_build(own_cache: Sandbox, history: Repository) -> None:
    options = ("--tags", "--rounds", "10", "--budget", "20")
    done = own_cache.bench(*run(own_cache, history, *options), status=5)
    assert "no plutonium left" in done.stderr
    assert done.stderr.count("building sample ") == 4  # the anchor once
    assert sorted(labels(own_cache)) == ["v1.0.1", "v1.1.0"]
    assert len({one.manifest.base.key for one in own_cache.runs}) == 1
    (folder,) = series_folders(own_cache.workspace.data)
    (failure,) = read_series(folder).failures
    assert (failure.index, failure.python) == (1, PYTHON)
    page = next((own_cache.workspace.results / "sample" / "history").glob("*/README.md"))
    text = page.read_text()
    assert "Write-up: " in done.stdout
    assert str(page) in done.stdout
    assert "v1.0.2, Python" in text
    assert "no plutonium left" in text
    assert "v1.0.1 → v1.1.0" in text  # the step over the gap
    with (page.parent / "series.csv").open() as stream:
        rows = {(row["revision"], row["benchmark"]): row for row in csv.DictReader(stream)}
    assert float(rows["v1.1.0", "work"]["low"]) > 1
    assert rows["v1.0.2", "work"]["ratio"] == ""
    assert "no plutonium left" in rows["v1.0.2", "work"]["reason"]
    assert not list((own_cache.workspace.results / "sample").glob("*..*"))  # no page of a pair
    again = own_cache.bench(*run(own_cache, history, *options), status=5)
    assert "2 of 3 runs are there" in again.stderr
    assert "1/1: " in again.stderr  # what failed is tried again
    assert len(own_cache.runs) == 2
    assert len(read_series(folder).failures) == 2


def test_stopped_series_goes_on(own_cache: Sandbox, history: Repository) -> None:
    own_cache.write_target(target_text(SLEEPS))
    options = ("--every", "1", *FAST)
    words = run(own_cache, history, *options, revisions="v1.0.0..v1.0.1")
    data = own_cache.workspace.data
    with own_cache.start(*words) as process:
        deadline = time.monotonic() + 90
        while not any(b'"round"' in file.read_bytes() for file in data.rglob("rounds.jsonl")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    told = own_cache.bench(*words, status=0).stderr
    assert "going on with the unfinished run" in told
    (whole,) = own_cache.runs
    assert whole.closed
    told = own_cache.bench(*words, status=0).stderr
    assert "every point of this series is measured" in told
    assert len(own_cache.runs) == 1
    own_cache.bench(*words, "--again", status=0)
    assert len(own_cache.runs) == 2
    assert len(list(series_folders(data))) == 2


def test_dry_run_writes_nothing(sandbox: Sandbox) -> None:
    done = sandbox.run("v1.0.0..v1.2.0", "--every", "2", "--dry-run")
    assert "2 points" in done.stderr
    assert "neither tests nor counters" in done.stderr
    assert not sandbox.workspace.data.exists()


# options → what is said
MISTAKES = {
    ("--every", "1", "--tags"): "not allowed with",
    ("--every", "0"): "0 is not at least 1",
    ("--again",): "--again starts a new series: it needs --every N or --tags",
    ("--every", "1", "--deps", "head"): "--deps head would make the anchor",
}


@pytest.mark.parametrize("options", MISTAKES, ids=" ".join)
def test_mistake(sandbox: Sandbox, options: tuple[str, ...]) -> None:
    done = sandbox.run("v1.0.0..v1.2.0", *options, status=2)
    assert MISTAKES[options] in done.stderr
    assert not sandbox.workspace.data.exists()


def test_anchor_that_does_not_build(sandbox: Sandbox, history: Repository) -> None:
    words = run(sandbox, history, "--every", "1", *FAST, revisions="v1.0.2..v1.1.0")
    done = sandbox.bench(*words, status=5)
    assert "no plutonium left" in done.stderr
    assert not sandbox.runs


def test_nothing_can_be_measured_anywhere(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text('name = "gone"\ncommand = ["sample", "fail"]'))
    done = sandbox.run("v1.0.0..v1.0.1", "--every", "1", "--rounds", "10", status=4)
    assert "No benchmark of sample" in done.stderr


def test_point_where_a_benchmark_works_no_more(sandbox: Sandbox) -> None:
    options = ("--every", "1", "--fail-on", "broken")
    done = sandbox.run("v1.2.0..fails", *options, rounds=2, status=7)
    assert " broken" in done.stdout.partition("work")[2]
    assert "Exit status 7: broken on head: work." in done.stdout
