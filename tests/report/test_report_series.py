"""The page and the pictures of a series, from runs made up on disk."""

from __future__ import annotations

import csv
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.pages import section, unglued
from support.pictures import overlaps
from support.synthetic_runs import command, control, write_run
from support.synthetic_series import make_series, plan, write_series

from bench.cli.main import main
from bench.core.errors import ExitStatus
from bench.core.options import Options
from bench.core.verdict import Interval
from bench.core.workspace import Workspace
from bench.engine.statistics.steps import CERTAIN, change_between, step_between
from bench.engine.store.run import read_run
from bench.engine.store.series import Series
from bench.formats.figure_style import drawing
from bench.report.figures.series_figure import Dot, Level, Line, Panel, SeriesPicture, draw_series
from bench.report.write import write_changes, write_report


@pytest.fixture
def series(workspace: Workspace) -> Series:
    return write_series(workspace)


def page_of(workspace: Workspace) -> Path:
    return workspace.results / "sample" / "history" / "1.0..1.5-tags" / "README.md"


def test_page(workspace: Workspace, series: Series) -> None:
    written = write_report(workspace)
    assert not written.problems
    text = unglued(page_of(workspace).read_text())
    assert "5 releases; each compared in pairs with the anchor `1.0`" in text
    assert "**Not complete**: on Python 3.13 1 of 5 points" in text
    assert "| `work`      | 3.13     | 1.1 → 1.3" in text
    heads = next(line for line in text.splitlines() if line.startswith("| benchmark "))
    step = next(line for line in text.splitlines() if line.startswith("| `work` "))
    assert [cell.strip() for cell in heads.split("|")[-3:-1]] == [
        "unknown between",
        "subject of the later",
    ]
    assert step.split(" | ")[-2].strip() == "1"  # 1.2
    assert "Change \\| 3" in step
    assert "1.2, Python 3.13, not installed: no &lt;compiler&gt; here" in text
    assert "1.5, Python 3.13, `work`: base: no command \\| work" in text
    assert "of 5 runs in which nothing changed at all" in text
    rows = [line for line in text.splitlines() if line.startswith("| 1.")]
    assert [row.split("|")[3].strip().lstrip("+−0123456789.%(")[:1] for row in rows] == [
        *(" ", "–", "–", "–", "–"),  # Python 3.12
        *(" ", "×", "*", "–", "×"),
    ]
    index = (workspace.results / "all.md").read_text()
    assert "[1.0..1.5-tags](sample/history/1.0..1.5-tags/README.md)" in index
    assert "`work` −20" in index.replace("1.25x faster", "−20")


def test_broken_point(workspace: Workspace, series: Series) -> None:
    """A point where the benchmark works no more is no mere gap."""
    crash = command("work", why_not="exit status 1", is_broken=True)
    write_run(workspace, plan("1.2", 1.0, made=(control(), crash)))
    assert not write_report(workspace).problems
    text = page_of(workspace).read_text(encoding="utf-8")
    rows = [line for line in unglued(text).splitlines() if line.startswith("| 1.2 ")]
    assert "🔴 **broken**" in rows[-1]  # of two Pythons
    assert "1.2, Python 3.13, `work`: head: exit status 1" in unglued(text)
    table = page_of(workspace).with_name("series.csv").read_text(encoding="utf-8")
    assert ",broken," in table


def test_points_whose_control_differs_are_marked(workspace: Workspace, series: Series) -> None:
    doubted = control(ratio=1.1, family_alpha=0.001)
    made = doubted, command("work", ratio=0.8)
    later = {"run_id": "r-later", "started_at": "2026-11-24T06:41:57+00:00"}
    write_run(workspace, plan("1.3", 0.8, made=made, **later))
    assert not write_report(workspace).problems
    text = unglued(page_of(workspace).read_text(encoding="utf-8"))
    assert "**⚠ doubtful**: the control differs at 1 point." in text
    assert "- 1.3, Python 3.13: The bare interpreters of the two environments differ: +" in text
    rows = [line for line in text.splitlines() if line.startswith("| 1.3 ")]
    assert "** ⚠ |" in rows[-1]
    assert "| 1.1 → 1.3 ⚠" in text
    assert "⚠: the control differs in this run" in text
    picture = next(page_of(workspace).parent.glob("*/all.svg")).read_text(encoding="utf-8")
    assert "same, undecided or doubtful" in picture
    table = page_of(workspace).with_name("series.csv").read_text(encoding="utf-8")
    rows_of_table = list(csv.DictReader(table.splitlines()))
    assert {row["revision"] for row in rows_of_table if row["doubtful"] == "True"} == {"1.3"}


def test_change_points_of_a_long_series(workspace: Workspace) -> None:
    """A level that stays is told beside the steps, and drawn as stairs."""
    first = write_run(workspace, plan("1.1", 1.0))
    make_series(workspace, read_run(first).manifest.machine, count=12)
    for number in range(2, 13):
        made = (control(rounds=20), command("work", ratio=1.0 if number < 7 else 0.9, rounds=20))
        write_run(workspace, plan(f"1.{number}", 1.0, made=made))
    assert not write_report(workspace).problems
    page = workspace.results / "sample" / "history" / "1.0..1.12-tags" / "README.md"
    text = unglued(page.read_text(encoding="utf-8"))
    told = text.partition("## Change points")[2].splitlines()
    row = next(line for line in told if line.startswith("| `work` "))
    assert "1.6 → 1.7" in row
    assert "6 → 6" in row
    assert "Change \\| 7" in row
    picture = next(page.parent.glob("*/all.svg")).read_text(encoding="utf-8")
    assert "stairs" in picture


def test_points_have_no_page_of_their_own_unless_measured_by_themselves(
    workspace: Workspace, series: Series
) -> None:
    alone = plan("1.3", 0.8, options=Options(), run_id="alone")
    write_run(workspace, alone)
    write_report(workspace)
    assert [path.name for path in (workspace.results / "sample").glob("1.0*")] == ["1.0..1.3"]
    page = (workspace.results / "sample" / "1.0..1.3" / "README.md").read_text()
    assert "r-1.3" not in page


def test_csv_has_every_figure(workspace: Workspace, series: Series) -> None:
    write_report(workspace)
    with (page_of(workspace).parent / "series.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["python"] == "3.13"]
    assert len(rows) == 10
    found = {(row["revision"], row["benchmark"]): row for row in rows}
    assert math.isclose(float(found["1.3", "work"]["ratio"]), 0.8, rel_tol=0.02)
    assert found["1.3", "work"]["verdict"] == "faster"
    assert found["1.3", "work"]["index"] == "3"
    assert found["1.3", "work"]["run"] == "r-1.3"
    assert found["1.3", "work"]["subject"] == "Change | 3"
    assert found["1.2", "work"]["reason"] == "no <compiler> here"
    assert found["1.4", "work"]["reason"] == "not measured yet"
    assert "no command" in found["1.5", "work"]["reason"]


def test_the_same_again_and_gone_when_the_data_is(workspace: Workspace, series: Series) -> None:
    write_report(workspace)
    folder = page_of(workspace).parent
    before = {file: file.read_bytes() for file in folder.rglob("*.*")}
    assert {file.suffix for file in before} == {".md", ".csv", ".svg", ".json"}
    write_report(workspace)
    assert {file: file.read_bytes() for file in folder.rglob("*.*")} == before
    for damaged in ("series.json", "failures.jsonl"):
        content = (series.folder / damaged).read_bytes()
        (series.folder / damaged).write_bytes(b"{\n")
        (problem,) = write_report(workspace).problems
        assert damaged in str(problem)
        assert {file: file.read_bytes() for file in folder.rglob("*.*")} == before
        (series.folder / damaged).write_bytes(content)
    shutil.rmtree(series.folder)
    write_report(workspace)
    assert not folder.exists()


def test_a_step_is_looked_for_across_points_without_limits(
    workspace: Workspace, series: Series
) -> None:
    few = (control(), command("work", rounds=2, alone=0))
    write_run(workspace, plan("1.2", 1.0, made=few))
    write_report(workspace)
    lines = unglued(page_of(workspace).read_text()).splitlines()
    step = next(line for line in lines if line.startswith("|") and "1.1 → 1.3" in line)
    assert step.split(" | ")[-2].strip() == "1"


def test_newer_format_is_refused(workspace: Workspace, series: Series) -> None:
    file = series.folder / "series.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 99'))
    (problem,) = write_report(workspace).problems
    assert "format 99" in str(problem)


def test_steps() -> None:
    one, other = Interval(1.0, 0.98, 1.02), Interval(0.8, 0.78, 0.82)
    step = step_between(one, other)
    assert step == Interval(0.8, 0.78 / 1.02, 0.82 / 0.98)
    assert step_between(one, Interval(0.97, 0.95, 0.99)) is None
    assert step_between(one, Interval(0.5, 0.0, math.inf)) is None
    assert step_between(CERTAIN, other) == other


def dots(count: int, ratio: float) -> tuple[Dot, ...]:
    made = [Dot(-1, 1.0, None, differs=False)]
    for at in range(count):
        value = ratio ** ((at + 1) / count)
        limits = (0.0, math.inf) if at % 7 == 3 else (value * 0.97, value * 1.04)
        if at % 5 != 2:
            made.append(Dot(at, value, Interval(value, *limits), differs=at % 2 == 0))
    return tuple(made)


def stairs(count: int, ratio: float) -> tuple[Level, ...]:
    """Two levels, where there are points for them."""
    middle = count // 2
    return (Level(0, middle, 1.0), Level(middle + 1, count - 1, ratio)) if middle > 1 else ()


@pytest.mark.parametrize("count", [1, 40, 90])
@pytest.mark.parametrize("ratio", [1.0, 0.4, 30.0])
@pytest.mark.parametrize("names", [("a",), ("a-long-name-of-a-benchmark", "b")])
def test_pictures_have_room_for_everything(
    count: int, ratio: float, names: tuple[str, ...]
) -> None:
    pythons = ("Python 3.12", "Python 3.13", "Python 3.14")
    lines = tuple(
        Line(python, dots(count, ratio), (2,), (0, min(1, count - 1)), stairs(count, ratio))
        for python in pythons
    )
    labels = ("v1.0.0", *(f"abcdef{number % 10}" for number in range(count)))
    panels = tuple(Panel(name, lines, 0.02) for name in names)
    shown = SeriesPicture("target: time", labels, pythons, panels)
    with drawing():
        figure = draw_series(shown)
        assert not overlaps(figure)
    for axes in figure.axes:
        low, high = axes.get_ylim()
        assert 2 <= sum(low <= tick <= high for tick in axes.get_yticks()) <= 12


def test_every_minimum_effect_can_be_drawn() -> None:
    for mei in (0.0001, 0.3, 0.9):
        panel = Panel("x", (Line("Python 3.13", dots(1, 1.0)),), mei)
        with drawing():
            assert not overlaps(
                draw_series(SeriesPicture("t", ("a", "b"), ("Python 3.13",), (panel,)))
            )


def test_change_between_two_compared_with_one_anchor() -> None:
    """Its interval covers as often as those it is made of: 95% of 4,000 simulated pairs."""
    generator = np.random.default_rng(16)
    noise = generator.normal(0.0, (0.01, 0.02), (4000, 2))
    covered = 0
    for first, second in noise:
        one = Interval(*np.exp(first + 0.01 * np.array([0, -1.96, 1.96])))
        other = Interval(*np.exp(second + 0.02 * np.array([0, -1.96, 1.96])))
        found = change_between(one, other)
        covered += found.low <= 1 <= found.high
    assert 0.94 < covered / 4000 < 0.96
    assert change_between(CERTAIN, Interval(1.1, 1.0, 1.2)).ratio == pytest.approx(1.1)
    assert change_between(CERTAIN, Interval(1.1, 0.0, math.inf)).high == math.inf


def test_triage_names_what_is_certain_and_the_command(
    workspace: Workspace, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(workspace)
    page = workspace.results / "triage" / "2026-11-23-sample-1.0..1.5-tags.md"
    text = unglued(page.read_text())
    assert text.startswith("<!-- made from data/")
    assert "# Triage of sample, 2026-11-23" in text
    assert "**0 slower, 1 faster, 0 not decided**. The series is **not complete**" in text
    assert "1.25x faster" in section(text, "Got faster")
    assert "`1.1` to `1.3`" in section(text, "Got faster")
    assert "yes, not whose" in text
    assert "attribute -- sample 1.1..1.3 --benchmark work --python 3.13" in text
    assert "same, within ±2%" in section(text, "From first to last")
    first = page.read_bytes()
    page.unlink()
    monkeypatch.setenv("BENCH_DATA", str(workspace.data))
    monkeypatch.setenv("BENCH_RESULTS", str(workspace.results))
    assert main(["triage", "sample"]) == ExitStatus.DONE
    assert page.read_bytes() == first
    write_changes(workspace)  # nothing is new: all pages stay
    assert page.read_bytes() == first
    assert main(["triage", "sample", "2."]) == ExitStatus.NOTHING_MEASURED
