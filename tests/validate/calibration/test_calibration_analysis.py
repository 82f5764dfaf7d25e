"""What is read out of a calibration, and which one speaks for a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.synthetic_runs import (
    RunPlan,
    command,
    control,
    workspace_in,
    write_calibration,
    write_run,
)

from bench.core.machine import Neighbour
from bench.core.options import Options
from bench.core.sample import Design
from bench.core.workspace import Workspace
from bench.engine.store.run import Journal, read_run
from bench.formats.text import DETECTABLE_COLUMN
from bench.report.pair.floor_notes import age_words, floor_notes
from bench.report.validate.calibration_tables import state_sentences
from bench.report.write import write_report
from bench.validate.calibration.analysis import Calibration
from bench.validate.calibration.lookup import fitting, read_calibrations

AT = "2026-11-22T06:41:57+00:00"
SAME = (control(), command("quick", rounds=40), command("noisy", rounds=40, noise=0.02))
PLAN = RunPlan(SAME, started_at=AT, run_id="20261122T064157Z-0001")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_in(tmp_path)
    return replace(made, data=tmp_path / "data", results=tmp_path / "results")


def calibrated(workspace: Workspace, plan: RunPlan = PLAN) -> Calibration:
    return Calibration(read_run(write_calibration(workspace, plan)))


def test_each_run_of_the_engine_counts_and_the_comparison_of_designs_does_not(
    workspace: Workspace,
) -> None:
    found = calibrated(workspace).results["quick"]
    assert found.wrong.total == 3
    assert found.wrong.count == 0
    assert set(found.designs) == set(Design)


def test_a_benchmark_that_differs_from_itself_counts_as_wrong(workspace: Workspace) -> None:
    biased = replace(PLAN, made=(control(), command("biased", ratio=1.1, rounds=40)))
    found = calibrated(workspace, biased)
    assert found.results["biased"].wrong.count == 3
    assert found.wrong.total == 6


def test_more_noise_finds_less(workspace: Workspace) -> None:
    found, options = calibrated(workspace).results, Options()
    quiet, noisy = (found[name].smallest(options, 0.05) for name in ("quick", "noisy"))
    assert 3 * quiet < noisy < 8 * quiet
    assert found["noisy"].smallest(Options(budget_s=2.0), 0.05) > noisy
    assert found["noisy"].smallest(options, 0.005) > noisy


def test_what_was_interrupted_is_left_out(workspace: Workspace) -> None:
    folder = write_calibration(workspace, replace(PLAN, complete=False))
    lines = (folder / "rounds.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "rounds.jsonl").write_bytes(b"".join(lines[:-20]))
    run = read_run(folder)
    with Journal(run) as journal:
        journal.write(run.events[0])
    found = Calibration(read_run(folder)).results
    assert found["noisy"].wrong.total == 2
    assert found["quick"].wrong.total == 3


def test_the_newest_before_the_run_speaks_for_it(workspace: Workspace) -> None:
    older = replace(PLAN, started_at="2026-11-02T00:00:00+00:00", run_id="20261102T000000Z-0001")
    later = replace(PLAN, started_at="2026-11-24T00:00:00+00:00", run_id="20261124T000000Z-0001")
    elsewhere = replace(PLAN, machine="box-b", run_id="20261122T074157Z-0002")
    for plan in (older, PLAN, later, elsewhere):
        write_calibration(workspace, plan)
    run = read_run(write_run(workspace, RunPlan()))
    found = fitting(run, read_calibrations(workspace.data, "sample"))
    assert found is not None
    assert found.calibration.run.manifest.run_id == PLAN.run_id
    assert found.age == timedelta(days=1)
    assert not found.is_stale
    assert set(found.detectable(run, 0.05)) == {"python-startup", "quick"}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (replace(PLAN, started_at="2026-09-01T00:00:00+00:00"), "more than 30 days"),
        (replace(PLAN, kernel="5.10"), "kernel"),
    ],
)
def test_a_stale_one_is_called_stale(workspace: Workspace, plan: RunPlan, words: str) -> None:
    write_calibration(workspace, plan)
    run = read_run(write_run(workspace, RunPlan()))
    notes = floor_notes(run, fitting(run, read_calibrations(workspace.data, "sample")))
    assert any("stale" in note and words in note for note in notes)


@pytest.mark.parametrize(
    ("then_us", "words"), [(250.0, ""), (400.0, "1.6 times as fast"), (125.0, "2.0 times as slow")]
)
def test_one_of_a_machine_of_another_speed_does_not_speak(
    workspace: Workspace, then_us: float, words: str
) -> None:
    """Its name is the same: copied images, or a host that gives less than it did."""
    write_calibration(workspace, replace(PLAN, reference_us=then_us))
    run = read_run(write_run(workspace, RunPlan(reference_us=250.0)))
    found = fitting(run, read_calibrations(workspace.data, "sample"))
    assert found is not None
    assert bool(found.detectable(run, 0.05)) is not bool(words)
    (note, *_) = floor_notes(run, found)
    assert ("does not speak for this run" in note) is bool(words)
    assert words in note
    write_calibration(workspace, replace(PLAN, reference_us=240.0, run_id="20261122T000000Z-0009"))
    found = fitting(run, read_calibrations(workspace.data, "sample"))
    assert found is not None
    assert found.detectable(run, 0.05), "one that fits is chosen"


def test_a_calibration_without_a_reference_speed_speaks_as_before(workspace: Workspace) -> None:
    write_calibration(workspace, PLAN)
    run = read_run(write_run(workspace, RunPlan(reference_us=250.0)))
    found = fitting(run, read_calibrations(workspace.data, "sample"))
    assert found is not None
    assert found.detectable(run, 0.05)


def test_a_benchmark_that_is_declared_otherwise_now_has_no_detectable_effect(
    workspace: Workspace,
) -> None:
    write_calibration(workspace, replace(PLAN, digest="another"))
    run = read_run(write_run(workspace, RunPlan()))
    found = fitting(run, read_calibrations(workspace.data, "sample"))
    assert found is not None
    assert found.detectable(run, 0.05) == {}
    notes = floor_notes(run, found)
    assert notes[-2].startswith("Declared differently in the calibration")
    assert notes[-2].endswith(": python-startup and quick.")
    assert notes[-1].startswith("Not part of the calibration")
    assert notes[-1].endswith(": same and worse.")


def test_a_benchmark_that_was_not_calibrated_is_not_called_changed(workspace: Workspace) -> None:
    write_calibration(workspace, replace(PLAN, made=PLAN.made[:1]))
    run = read_run(write_run(workspace, PLAN))
    notes = floor_notes(run, fitting(run, read_calibrations(workspace.data, "sample")))
    assert "Not part of the calibration" in notes[-1]
    assert not any("Declared differently" in note for note in notes)


def test_detectable_effects_stand_beside_the_verdicts_and_a_missing_calibration_is_said(
    workspace: Workspace,
) -> None:
    write_run(workspace, RunPlan())
    write_report(workspace)
    page = workspace.results / "sample" / "1.0..2.0" / "README.md"
    assert "Not calibrated" in page.read_text(encoding="utf-8")
    assert f"{DETECTABLE_COLUMN} |" not in page.read_text(encoding="utf-8").split("\n## ")[1]
    write_calibration(workspace, PLAN)
    write_report(workspace)
    text = page.with_name("method.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `python-startup`"))
    assert "±" in row.split("|")[-2]
    assert "1 day before" in text
    assert "Not calibrated" not in page.read_text(encoding="utf-8")
    overview = (workspace.results / "calibration" / "README.md").read_text(encoding="utf-8")
    assert "0 of 9 called changed" in overview
    assert "The machine was quiet." in overview


def test_a_noisy_machine_is_called_noisy_with_names_and_a_remedy(workspace: Workspace) -> None:
    loaded = replace(PLAN, made=tuple(replace(one, others=0.42) for one in PLAN.made))
    folder = write_calibration(workspace, loaded, neighbours=(Neighbour("miner", 0.4),))
    said = " ".join(state_sentences(Calibration(read_run(folder))))
    assert "Noisy: other processes used 42.0%" in said
    assert "miner (40.0%)" in said
    assert "stop them" in said


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(days=3, hours=5), "3 days before"),
        (timedelta(hours=-1), "1 hour after"),
        (timedelta(seconds=2), "just before"),
    ],
)
def test_ages_in_words(age: timedelta, words: str) -> None:
    assert age_words(age) == words


def test_data_of_the_first_format_gives_the_figures_that_were_published(tmp_path: Path) -> None:
    calibrations = read_calibrations(Path(__file__).parents[3] / "data", "codeflash")
    of_python = {one.run.manifest.python: one for one in calibrations}
    assert (of_python["3.12"].wrong.count, of_python["3.12"].wrong.total) == (0, 40)
    assert (of_python["3.13"].wrong.count, of_python["3.13"].wrong.total) == (1, 45)
    found = of_python["3.13"].results["import-main"]
    assert found.smallest(Options(), 0.05) == pytest.approx(0.0043707, rel=1e-4)
    assert found.drift == pytest.approx(1.17105, rel=1e-4)
