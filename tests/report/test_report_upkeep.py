"""Damaged data, stale pages, the exit status, and the same bytes everywhere."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.synthetic_runs import SMALL, USUAL, Made, RunPlan, command, control, write_run

from bench.cli.report import run
from bench.core.errors import ExitStatus, NothingMeasuredError
from bench.core.target import Benchmark
from bench.core.workspace import Workspace
from bench.engine.store.journals import JournalStore
from bench.engine.store.manifest import FORMAT
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.bisect.stored import BISECTIONS
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.stored import OPTIMIZATIONS
from bench.formats.figure_style import MARKER
from bench.report.write import write_report

ROOT = Path(__file__).parents[2]
NO_ARGUMENTS = argparse.Namespace()


@pytest.fixture
def here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace the command finds."""
    monkeypatch.setenv("BENCH_DATA", str(workspace.data))
    monkeypatch.setenv("BENCH_RESULTS", str(workspace.results))
    return workspace


def damage(folder: Path) -> None:
    with (folder / "rounds.jsonl").open("ab") as stream:
        stream.write(b'{"event":"round"\n')


def test_damaged_runs_do_not_stop_the_rest(
    here: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(here, RunPlan(SMALL))
    damage(write_run(here, RunPlan(SMALL, run_id="r2", started_at="2027-01-01T00:00:00+00:00")))
    damage(write_run(here, RunPlan(SMALL, target="lost")))
    newer = write_run(here, RunPlan(SMALL, target="newer"))
    manifest = newer / "run.json"
    manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    assert run(NO_ARGUMENTS) is ExitStatus.USAGE
    error = capsys.readouterr().err
    assert error.count("bench: ") == 3
    assert "is damaged" in error
    assert "format 99" in error
    index = (here.results / "all.md").read_text()
    assert index.count("could not be read: ") == 3
    assert str(here.data) not in index
    page = (here.results / "sample" / "1.0..2.0" / "README.md").read_text()
    assert "Not shown, because the data could not be read:" in page
    assert "Faster on Python 3.13" in page
    assert not (here.results / "lost").exists()


def test_impossible_figures_are_a_damaged_run(workspace: Workspace) -> None:
    write_run(workspace, RunPlan((control(), command("zero", base_s=0.0))))
    write_run(workspace, RunPlan(SMALL, target="sound"))
    written = write_report(workspace)
    assert len(written.problems) == 1
    assert "line 45 is damaged: Expected `float` > 0.0" in str(written.problems[0])
    assert (workspace.results / "sound").is_dir()


def test_no_data_at_all(here: Workspace) -> None:
    with pytest.raises(NothingMeasuredError) as caught:
        run(NO_ARGUMENTS)
    assert caught.value.status is ExitStatus.NOTHING_MEASURED
    assert ".venv/bin/nox -s bench-codeflash" in (here.results / "README.md").read_text()


def test_all_well(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(here, RunPlan(SMALL))
    assert run(NO_ARGUMENTS) is ExitStatus.DONE
    assert str(here.results / "README.md") in capsys.readouterr().out


def test_stale_pages_go_and_others_stay(workspace: Workspace) -> None:
    gone = write_run(workspace, RunPlan(SMALL, target="gone"))
    partly = write_run(workspace, RunPlan(SMALL, target="partly"))
    kept = write_run(workspace, RunPlan(SMALL, target="kept"))
    write_run(workspace, RunPlan(SMALL))
    write_report(workspace)
    notes = workspace.results / "partly" / "1.0..2.0" / "NOTES.md"
    notes.write_text("by hand")
    study = workspace.results / "studies" / "one.md"
    study.parent.mkdir()
    study.write_text("by hand")
    shutil.rmtree(gone)
    shutil.rmtree(partly)
    damage(kept)
    write_report(workspace)
    assert not (workspace.results / "gone").exists()
    assert [file.name for file in notes.parent.iterdir()] == ["NOTES.md"]
    assert study.is_file()
    assert (workspace.results / "sample" / "1.0..2.0" / "README.md").is_file()
    # It cannot be read at the moment: its page is no reason to believe that it is gone.
    assert (workspace.results / "kept" / "1.0..2.0" / "README.md").is_file()


def test_a_missing_data_folder_wipes_nothing(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(here, RunPlan(SMALL))
    write_report(here)
    before = sorted((file, file.read_bytes()) for file in here.results.rglob("*.[ms]*"))
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "mistyped"))
    with pytest.raises(NothingMeasuredError):
        run(NO_ARGUMENTS)
    assert sorted((file, file.read_bytes()) for file in here.results.rglob("*.[ms]*")) == before


def test_pictures_of_runs_that_are_no_more_go(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan(python="3.12"))
    write_run(workspace, RunPlan(USUAL[:3]))
    write_report(workspace)
    picture = next(workspace.results.rglob("rounds-py3.12.svg"))
    shutil.rmtree(folder)
    write_report(workspace)
    assert not picture.exists()


def test_a_hand_written_page_is_not_overwritten(workspace: Workspace) -> None:
    write_run(workspace, RunPlan())
    page = workspace.results / "README.md"
    page.parent.mkdir()
    page.write_text("mine")
    written = write_report(workspace)
    assert page.read_text() == "mine"
    assert "left alone" in str(written.problems[0])


def test_the_same_bytes_from_every_process(workspace: Workspace, tmp_path: Path) -> None:
    write_run(workspace, RunPlan(SMALL, packages={"rich": "15", "a": "1", "b": "2"}))
    code = "import argparse; from bench.cli.report import run;run(argparse.Namespace())"
    # Beside each other, so that links to the data are the same.
    folders = [tmp_path / "results-1", tmp_path / "results-2"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ
            | {
                "PYTHONHASHSEED": str(seed),
                "BENCH_DATA": str(workspace.data),
                "BENCH_RESULTS": str(folder),
            },
        )
        for seed, folder in enumerate(folders)
    ]
    assert [process.wait(300) for process in processes] == [0, 0]
    first, second = (
        {
            file.relative_to(folder): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }
        for folder in folders
    )
    assert len(first) == 10
    assert first == second


def test_nothing_is_written_outside_results(workspace: Workspace, tmp_path: Path) -> None:
    """Groups are part of pictures' names, and a folder of `results/` may lead elsewhere."""
    away = Benchmark(name="away", group="../../../../../outside", command=("sample",))
    write_run(workspace, RunPlan(SMALL))
    write_run(workspace, RunPlan((control(), Made(away)), run_id="r2"))
    write_run(workspace, RunPlan(SMALL, target="linked"))
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    workspace.results.mkdir()
    (workspace.results / "linked").symlink_to(outside)
    before = {file for file in tmp_path.rglob("*") if "results" not in file.parts}
    written = write_report(workspace)
    assert {file for file in tmp_path.rglob("*") if "results" not in file.parts} == before
    assert all("it would lie outside" in str(one) for one in written.problems)
    assert {"linked", "outside"} <= set(re.findall(r"linked|outside", str(written.problems)))
    assert (workspace.results / "sample" / "1.0..2.0" / "README.md").is_file()


def test_large_summaries_are_known_as_the_reports_own(workspace: Workspace) -> None:
    many = (control(), *(command(f"benchmark-with-a-long-name-{number}") for number in range(12)))
    write_run(workspace, RunPlan(many))
    assert not write_report(workspace).problems
    (file,) = workspace.results.rglob("summary.json")
    assert file.stat().st_size > 3000
    write_run(workspace, RunPlan(many, run_id="r2", started_at="2027-01-01T00:00:00+00:00"))
    assert not write_report(workspace).problems


@pytest.mark.parametrize("store", [ATTRIBUTIONS, BISECTIONS, CLAIMS, OPTIMIZATIONS])
def test_a_record_that_could_not_be_read_keeps_its_page(
    here: Workspace, store: JournalStore[Any]
) -> None:
    folder = here.data / store.folder / "sample" / "aaaaaaaaaa" / "20261130T000000Z"
    folder.mkdir(parents=True)
    (folder / store.name).write_text("{}\n")
    pages = here.results / store.folder / "sample"
    pages.mkdir(parents=True)
    for name in ("aaaaaaaaaa.md", "bbbbbbbbbb.md"):
        (pages / name).write_text(f"<!-- {MARKER} -->\n")
    assert write_report(here).problems
    assert [one.name for one in pages.iterdir()] == ["aaaaaaaaaa.md"]
