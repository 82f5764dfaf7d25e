"""`python -m bench export`: which runs it takes, and that other tools read what it writes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.runs import whole, written

from bench.cli.main import main
from bench.core.errors import ExitStatus
from bench.report.select_runs import evaluated


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


def test_csv_has_a_line_for_each_benchmark(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "sample", "--format", "csv"]) == ExitStatus.DONE
    lines = csv.DictReader(io.StringIO(capsys.readouterr().out))
    line = next(one for one in lines if one["benchmark"] == "work")
    (result,) = evaluated(run).results
    assert result.size is not None
    assert float(line["ratio"]) == result.size.interval.ratio
    assert (line["target"], line["benchmark"], line["verdict"]) == ("sample", "work", "same")
    assert float(line["head_s"]) == result.head_s


def test_bencher_metric_format(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "sample", "--format", "bencher"]) == ExitStatus.DONE
    document = json.loads(capsys.readouterr().out)
    (result,) = evaluated(run).results
    assert result.size is not None
    assert result.head_s is not None
    (measures,) = document.values()
    assert measures["latency"] == {"value": pytest.approx(result.head_s * 1e9)}
    interval = result.size.interval
    assert measures["ratio"] == {
        "value": interval.ratio, "lower_value": interval.low, "upper_value": interval.high,
    }  # fmt: skip


def test_openmetrics_is_read_by_its_own_parser(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = written(run.parent, whole(), "work", run_id="r2").folder
    assert main(["export", "sample", "--format", "openmetrics"]) == ExitStatus.DONE
    text = capsys.readouterr().out
    families = {
        one.name: [each for each in one.samples if each.labels["benchmark"] == "work"]
        for one in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    }
    (result,) = evaluated(again).results
    assert result.size is not None
    ratios = {one.labels["limit"]: one.value for one in families["duetbench_ratio"]}
    assert ratios["estimate"] == result.size.interval.ratio
    sides = {one.labels["side"]: one.value for one in families["duetbench_time_seconds"]}
    assert sides == {"base": result.base_s, "head": result.head_s}
    held = [one.labels["duetbench_verdict"] for one in families["duetbench_verdict"] if one.value]
    assert held == ["same"]


def test_a_badge_says_what_the_newest_pair_came_to(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "badge.svg"
    words = ["export", "sample", "--format", "badge", "--output", str(file)]
    assert main(words) == ExitStatus.DONE
    root = ET.fromstring(file.read_text())
    assert root.attrib["aria-label"] == "sample 1.0 → 1.1: 1 of 1 same"


def test_output_is_not_for_pyperf_files(run: Path, tmp_path: Path) -> None:
    assert main(["export", "sample", "--output", str(tmp_path / "x")]) == ExitStatus.USAGE
