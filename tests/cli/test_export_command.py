"""`python -m bench export`: which runs it takes, and that pyperf reads what it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.runs import whole, written

from bench.cli.main import main
from bench.core.errors import ExitStatus


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of sample 1.0..1.1."""
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    return written(tmp_path / "sample/1.0..1.1/py3.13/box", whole(), "work").folder


@pytest.mark.parametrize("words", [["sample"], ["sample", "1.0..1.1"], ["sample", "1.1"]])
def test_runs_of_a_target(run: Path, words: list[str]) -> None:
    assert main(["export", *words]) == ExitStatus.DONE
    compared = subprocess.run(
        [sys.executable, "-m", "pyperf", "compare_to", run / "base.json", run / "head.json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Benchmark hidden because not significant (2)" in compared.stdout


def test_one_run_by_its_folder(run: Path) -> None:
    assert main(["export", str(run)]) == ExitStatus.DONE
    assert {"base.json", "head.json"} <= {one.name for one in run.iterdir()}


@pytest.mark.parametrize("words", [["other"], ["sample", "1.0..1.2"], ["sample", "1.0"]])
def test_no_such_run(run: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", *words]) == ExitStatus.USAGE
    assert f"no run of {' '.join(words)}" in capsys.readouterr().err
    assert not (run / "base.json").exists()


def test_a_range_beside_a_run_is_refused(run: Path) -> None:
    assert main(["export", str(run), "1.0..1.1"]) == ExitStatus.USAGE


def test_a_damaged_run_is_named_and_the_others_are_exported(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = written(run.parent, whole(), "work", run_id="r2").folder / "rounds.jsonl"
    other.write_bytes(other.read_bytes().replace(b"work", b"word", 1))
    assert main(["export", "sample"]) == ExitStatus.USAGE
    assert f"{other}, line 2" in capsys.readouterr().err
    assert (run / "base.json").exists()
    assert not other.with_name("base.json").exists()
