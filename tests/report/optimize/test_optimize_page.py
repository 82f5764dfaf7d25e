"""The page of an optimisation, its pictures, and the texts for pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from support.pages import cells, section, unglued
from support.synthetic_optimizations import (
    TIP,
    gain,
    site,
    synthetic_optimization,
    usual_events,
)

from bench.core.verdict import Verdict
from bench.explain.optimize.record import (
    BranchRecord,
    ExcludedSite,
    Gain,
    ImportsRecord,
    LazySwitchRecord,
    Optimization,
    OptimizationEvent,
    Progress,
    RunReference,
    StepRecord,
    Stood,
    WholeRecord,
)
from bench.report.optimize.gains import best, courses_of, predictions_of
from bench.report.optimize.lazy_section import switch_lines
from bench.report.optimize.optimize_page import (
    pairs_of_branches,
    text_of_branch,
    write_optimize_pages,
)
from bench.report.output import Output

PAGE = "optimize/sample/aaaaaaaaaa"


def written(folder: Path, *_made: Optimization) -> Output:
    output = Output(folder / "results", folder / "data")
    write_optimize_pages(output)
    assert not output.problems
    return output


def page_of(folder: Path, events: list[OptimizationEvent] | None = None, **how: object) -> str:
    output = written(folder, synthetic_optimization(folder / "data", events, **how))
    return unglued((output.root / f"{PAGE}.md").read_text())


def changed(**how: Mapping[str, object]) -> list[OptimizationEvent]:
    """The usual events with fields of some kinds changed; a kind without fields is left out."""
    found: list[OptimizationEvent] = []
    for event in usual_events():
        fields = how.get(type(event).__name__)
        if fields is None:
            found.append(event)
        elif fields:
            found.append(msgspec.structs.replace(event, **fields))
    return found


def test_the_first_screen_says_what_was_gained_and_where_it_is(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    first = page.partition("## The branch")[0]
    assert "2 commits on branch `perf/optimize-aaaaaaaaaa`." in first
    told = next(line for line in first.splitlines() if "Slower" in line)
    assert told.startswith(
        "**Faster: 2 of 2 scenarios on Python 3.12 and 3.13 (1.39x to 2.86x).** Slower: none. "
    )
    assert "Plateau" in first
    row = cells(page, "help: `sample --help`")
    assert row[1:] == [
        "200 → 76.0 ms", "2.63x faster (2.61–2.66)", "200 → 70.0 ms", "2.86x faster (2.83–2.89)",
    ]  # fmt: skip
    assert "git log --stat aaaaaaaaaa..perf/optimize-aaaaaaaaaa" in section(page, "The branch")


def test_steps_their_sum_and_their_predictions(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    row = cells(page, "1 defer git and requests until a command needs them")
    assert row[1:3] == ["`bbbbbbbbbb`", "2"]
    assert row[4:] == ["2 of 4", "312 tests pass as before"]
    # 0.4 x 0.88 = 0.352 beside 0.35
    assert cells(page, "`help`", 1)[1:] == [
        "3.13", "2.84x faster (2.80–2.88)", "2.86x faster (2.83–2.89)", "yes",
    ]  # fmt: skip
    predicted = section(page, "Predicted and measured")
    assert "Inside the interval of what was saved: 1 of 3 predictions" in predicted
    assert "within 10% of its estimate: 3." in predicted
    assert cells(predicted, "1")[1:4] == ["`help`, 3.13", "118 ms", "120 ms"]


def test_steps_that_do_not_come_to_the_whole_are_told(tmp_path: Path) -> None:
    whole = (gain("help", "3.13", 0.5),)
    page = page_of(tmp_path, changed(WholeRecord={"gains": whole}))
    assert cells(page, "`help`", 1)[-1] == "**no**"


def test_what_was_dropped_left_out_moved_and_remains(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "answer --version before anything is imported" in section(page, "Tried and dropped")
    row = cells(page, "`src/sample/cli.py:9`")
    assert row[1:3] == ["import json in the functions that use it", "tests"]
    assert cells(page, "`requests`")[1:] == [
        "65.0 ms",
        "none of these scenarios",
        "`sample.net.fetch`",
    ]
    assert cells(page, "`dataclasses`")[1:] == ["10.0 ms (`help`)", "used when classes are made"]
    before = section(page, "Before any change")
    assert "1 test fails before any change: `tests/test_net.py::test_fetch`." in before
    assert "1 module cannot be imported alone: `sample.windows`." in before
    assert "`tests/test_deferred_imports.py`" in section(page, "Guard")


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress.NOTHING, "No change was kept; 1 change tried. Nothing is worth a commit."),
        (Progress.INTERRUPTED, "No change was kept; 1 change tried. **Interrupted**"),
    ],
)
def test_without_a_kept_step(tmp_path: Path, progress: Progress, words: str) -> None:
    events = [one for one in usual_events() if isinstance(one, StepRecord) and not one.kept]
    ended = Stood(progress=progress, at="2026-11-30T11:20:00+00:00")
    page = page_of(tmp_path, [*events, ended])
    assert words in page
    assert "## Steps" not in page
    assert "## Guard" not in page


def test_one_that_is_under_way_shows_its_steps(tmp_path: Path) -> None:
    events = changed(WholeRecord={}, BranchRecord={}, Stood={}, GuardRecord={})
    page = page_of(tmp_path, events)
    assert "The whole is not measured yet. **Under way**." in page
    assert cells(page, "help: `sample --help`")[4].endswith("x faster, by its steps")


def test_what_got_slower_and_tests_that_fail_stand_in_the_first_paragraph(tmp_path: Path) -> None:
    slower = msgspec.structs.replace(gain("help", "3.13", 1.2), verdict=Verdict.SLOWER)
    whole = {"gains": (slower,), "tests_fail": ("tests/test_cli.py::test_a",)}
    first = page_of(tmp_path, changed(WholeRecord=whole)).partition("## ")[0]
    assert "**Slower: `help` on 3.13.**" in first
    assert "**Tests newly fail: `tests/test_cli.py::test_a`.**" in first


def test_a_gain_without_figures_has_its_reason(tmp_path: Path) -> None:
    gains = (Gain(scenario="help", python="3.13", reason="exit status 1"),)
    page = page_of(tmp_path, changed(WholeRecord={"gains": gains}))
    assert cells(page, "help: `sample --help`")[4] == "exit status 1"


def test_pictures_say_what_they_show_in_words(tmp_path: Path) -> None:
    output = written(tmp_path, synthetic_optimization(tmp_path / "data"))
    folder = output.root / PAGE
    texts = {
        name: " ".join(ET.fromstring((folder / name).read_text()).itertext())
        for name in ("gains.svg", "steps.svg", "shift.svg")
    }
    assert "200 → 70.0 ms" in texts["gains.svg"]
    assert "2.86x faster" in texts["gains.svg"]
    assert "−120 ms" in texts["steps.svg"]
    assert "129 ms less" in texts["shift.svg"]
    page = unglued((output.root / f"{PAGE}.md").read_text())
    assert "7 → 2 modules beyond the interpreter's own (5 no longer imported, 0 added)" in page


def test_times_of_modules_that_remain_do_not_move_the_picture(tmp_path: Path) -> None:
    """Two recordings of the same imports differ by chance; only what came or went is shown."""
    events: list[OptimizationEvent] = []
    for event in usual_events():
        if isinstance(event, ImportsRecord) and event.after:
            modules = {name: (own * 1.2, by) for name, (own, by) in event.modules.items()}
            event = msgspec.structs.replace(event, modules=modules)  # noqa: PLW2901
        events.append(event)
    output = written(tmp_path, synthetic_optimization(tmp_path / "data", events))
    text = (output.root / PAGE / "shift.svg").read_text()
    assert "139 ms → 10.0 ms" in text


def test_a_pull_request_needs_nothing_of_ours(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path / "data")
    output = written(tmp_path, made)
    target = text_of_branch(made, "perf/defer-git-and-requests")
    assert target == f"{PAGE}/perf-defer-git-and-requests.md"
    text = unglued((output.root / target).read_text())
    assert "# perf: defer git and requests until a command needs them" in text
    assert cells(text, "`sample --help`")[1:] == [
        "3.13", "200 ms", "80.0 ms", "2.50x faster (2.48–2.53)",
    ]  # fmt: skip
    assert "bench" not in text.partition("-->")[2]
    assert (
        "hyperfine -N --warmup 5 --min-runs 30 "
        '"../venv-before/bin/sample --help" "../venv-after/bin/sample --help"' in text
    )
    stacked = unglued((output.root / text_of_branch(made, "perf/optimize-aaaaaaaaaa")).read_text())
    assert "# perf: 2 commands up to 2.86x faster" in stacked
    assert "\"../venv-before/bin/python -I -c 'import sample'\"" in stacked
    assert "`git`, `inspect`, `requests`, `urllib3`" in stacked


def test_a_branch_that_was_not_made_has_a_reason_and_no_text(tmp_path: Path) -> None:
    made = [one for one in usual_events() if not isinstance(one, BranchRecord)]
    none = BranchRecord(
        name="perf/x", commit="", steps=(3,), separate=True, reason="it needs a step before it"
    )
    page = page_of(tmp_path, [*made, none])
    assert "No branch `perf/x`: it needs a step before it." in page
    assert not list((tmp_path / "results").rglob("perf-*.md"))


def test_the_newest_of_a_form_and_of_a_named_branch_has_the_page(tmp_path: Path) -> None:
    data = tmp_path / "data"
    synthetic_optimization(data, pythons=("3.12",))
    later = "2026-12-01T11:00:00+00:00"
    synthetic_optimization(data, started_at=later, id="20261201")
    synthetic_optimization(data, branch="perf/a/small", started_at=later, id="20261203")
    lazily = synthetic_optimization(data, form="lazy-modules", started_at=later, id="20261202")
    output = written(tmp_path, lazily)
    usual = (output.root / f"{PAGE}.md").read_text()
    assert "Made 2026-12-01" in usual
    assert "`perf/a/small`" not in usual
    assert "`perf/a/small`" in (output.root / f"{PAGE}-a-small.md").read_text()
    text = (output.root / f"{PAGE}-lazy-modules.md").read_text()
    assert "optimised, lazy-modules" in text


def test_the_pair_of_the_whole_branch_is_told_apart_from_history(tmp_path: Path) -> None:
    run = RunReference("aaaaaaaaaa..cccccccccc", "3.13", "a-machine", "20261130T000000Z-0000")
    synthetic_optimization(tmp_path / "data", changed(WholeRecord={"runs": (run,)}))
    found = write_optimize_pages(Output(tmp_path / "results", tmp_path / "data"))
    (one,) = found.read
    assert pairs_of_branches(one) == {("sample", run.pair)}
    assert not pairs_of_branches(one) & found.parts


def test_a_damaged_record_keeps_its_page(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path / "data")
    written(tmp_path, made)
    (made.folder / "events.jsonl").write_text("{}\n")
    output = Output(tmp_path / "results", tmp_path / "data")
    write_optimize_pages(output)
    assert len(output.problems) == 1
    output.remove_stale()
    assert (output.root / f"{PAGE}.md").is_file()
    assert (output.root / PAGE / "gains.svg").is_file()


def test_pages_of_records_that_are_gone_are_removed(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path / "data")
    written(tmp_path, made)
    for file in made.folder.iterdir():
        file.unlink()
    made.folder.rmdir()
    made.folder.parent.rmdir()
    output = Output(tmp_path / "results", tmp_path / "data")
    write_optimize_pages(output)
    output.remove_stale()
    assert not (output.root / "optimize").exists()


def test_pages_made_twice_are_the_same(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path / "data")
    one = {file: file.read_bytes() for file in written(tmp_path, made).written}
    again = {file: file.read_bytes() for file in written(tmp_path, made).written}
    assert one == again


def test_a_step_counts_as_nothing_where_it_was_not_measured(tmp_path: Path) -> None:
    first, *rest = [one for one in usual_events() if isinstance(one, StepRecord) and one.kept]
    only = msgspec.structs.replace(first, gains=(gain("help", "3.13", 0.4),))
    made = synthetic_optimization(tmp_path, [only, *rest])
    courses = {(one.scenario, one.python): one for one in courses_of(made)}
    together = courses["import-sample", "3.13"].sum
    assert together is not None
    assert together.ratio == pytest.approx(0.7)
    assert courses["help", "3.13"].end == pytest.approx(0.4 * 0.88)
    assert best(tuple(courses.values())) is courses["help", "3.13"]


def test_a_prediction_is_held_against_the_time_of_these_rounds(tmp_path: Path) -> None:
    one = predictions_of(synthetic_optimization(tmp_path))[0]
    assert (one.scenario, one.python) == ("help", "3.13")
    assert one.saved_s == pytest.approx(0.12)
    assert one.is_within(0.05)
    assert not one.is_inside
    assert not one.is_within(0.001)


def test_statements_that_stay_for_one_reason_are_one_row(tmp_path: Path) -> None:
    stay = [
        ExcludedSite(site=site(line, name), check="names", failure="`dir` does not list `_x`")
        for line, name in ((7, "json"), (8, "csv"), (9, "re"), (9, "re"))
    ]
    page = page_of(tmp_path, changed(StepRecord={"excluded": tuple(stay)}))
    row = cells(section(page, "Statements that stay as they are"), "`src/sample/cli.py:7`, 8, 9")
    assert row[1].endswith("; 2 statements more alike")


def test_figures_stand_on_the_right_and_words_on_the_left(tmp_path: Path) -> None:
    lines = section(page_of(tmp_path), "Predicted and measured").splitlines()
    bar = next(line for line in lines if line.startswith("|:"))
    ends = [cell.endswith(":") for cell in bar.strip("|").split("|")]
    assert ends == [False, False, True, True, True, True]


def test_what_python_gives_without_a_change_stands_beside_the_branch(tmp_path: Path) -> None:
    unchanged = gain("help", "3.15", 0.75)
    switch = LazySwitchRecord(
        commit=TIP,
        alpha=0.01,
        everything=(unchanged, Gain(scenario="import-sample", python="3.15", reason="it fails")),
        own=(gain("help", "3.15", 0.9),),
    )
    whole = WholeRecord(commit=TIP, gains=(gain("help", "3.15", 0.8),))
    events = [*usual_events()[:-1], whole, switch, usual_events()[-1]]
    made = synthetic_optimization(tmp_path / "data", events, pythons=("3.15",), form="lazy-modules")
    page = unglued((written(tmp_path).root / f"{PAGE}-lazy-modules.md").read_text())
    assert "Without a change, with `PYTHON_LAZY_IMPORTS=all`: 1.33x." in page.partition("\n## ")[0]
    told = section(page, "Beside Python's own lazy imports")
    assert cells(told, "`sample --help`, 3.15")[1:] == [
        "200 → 160 ms, 1.25x faster (1.24–1.26)",
        "200 → 150 ms, 1.33x faster (1.32–1.35)",
        "200 → 180 ms, −10.0% (−10.9 … −9.1)",
    ]
    assert cells(told, "`import sample`, 3.15")[1:] == ["–", "it fails", "–"]
    assert switch_lines(made)[:3] == [
        "Unchanged, with PYTHON_LAZY_IMPORTS=all:",
        "  help, Python 3.15: 200 → 150 ms, 1.33x faster (1.32–1.35)",
        "  import-sample, Python 3.15: it fails",
    ]


def test_nothing_is_said_of_it_where_no_python_has_it(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "LAZY_IMPORTS" not in page
