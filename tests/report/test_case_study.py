"""The case study of a target: every figure is of the data, and what is missing is said."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from support.pages import cells, section, unglued
from support.synthetic_optimizations import BASE, TIP, gain, synthetic_optimization, usual_events
from support.synthetic_ranges import synthetic_attribution, synthetic_claims
from support.synthetic_runs import RunPlan, command, control, workspace_in, write_run

from bench.core.case_study import CaseStudy
from bench.core.revision import Pair, Revision, Source
from bench.core.sample import Side
from bench.core.target import parse_target
from bench.core.workspace import Workspace
from bench.engine.store.accounts import (
    KeptFinding,
    RunAccount,
    Saving,
    StackRecord,
    save_account,
)
from bench.engine.store.run import read_run
from bench.explain.optimize.record import (
    LeftRecord,
    OptimizationEvent,
    RunReference,
    SiteRecord,
    StepRecord,
    Stood,
    WholeRecord,
)
from bench.report.write import write_changes, write_report

TARGET = """
name = "{name}"
layer = "core engine"
distribution = "sample"
module = "sample"

[case-study]
title = "{name} optimised itself"
about = "sample is a program."
range = "1.0..2.0"
attributed = "r0..r6"
benchmarks = ["whole", "help", "import-sample", "unknown"]
traced = "whole"

[[case-study.optimized]]
revision = "aaaaaaaaaa"
note = "the head of main"

[[case-study.optimized]]
revision = "v0"

[[benchmark]]
name = "help"
command = ["sample", "--help"]
"""
LONGEST = 20_000


def declare(workspace: Workspace, name: str = "sample") -> None:
    workspace.targets.mkdir(parents=True, exist_ok=True)
    text = TARGET.format(name=name)
    (workspace.targets / f"{name}.toml").write_text(text, encoding="utf-8")


def people(workspace: Workspace) -> None:
    made = control(), command("help", ratio=0.5), command("whole", ratio=0.7)
    write_run(workspace, RunPlan(made))


def whole_run(workspace: Workspace) -> RunReference:
    """The branch's tip against the revision, as an ordinary run."""
    plan = RunPlan(
        (control(), command("help", ratio=0.35, rounds=20, memory_looks=(20,))),
        base=BASE[:10], head=TIP[:10],
    )  # fmt: skip
    run = read_run(write_run(workspace, plan)).manifest
    return RunReference(run.pair.label, run.python, run.machine.name, run.run_id)


def with_run(events: tuple[OptimizationEvent, ...], run: RunReference) -> list[OptimizationEvent]:
    return [
        msgspec.structs.replace(one, runs=(run,)) if isinstance(one, WholeRecord) else one
        for one in events
    ]


def traced(workspace: Workspace, base: str = "1.0", head: str = "2.0") -> StackRecord:
    base_run, head_run = (
        RunAccount(
            side=side, wall_s=4.0 + own, layers={"imports": 4.0, "own code": own},
            counts={"requests": 9, "connections": 9},
        )
        for side, own in ((Side.BASE, 6.0), (Side.HEAD, 2.0))
    )  # fmt: skip
    run = read_run(next((workspace.data / "sample").glob("*/*/*/*/run.json")).parent).manifest
    first, last = (
        Revision(source=Source.PYPI, name=one, identity=one, date="2026-05-01")
        for one in (base, head)
    )
    finding = KeptFinding(
        side=Side.HEAD, rule="repeated imports", subject="pytest", cost_s=1.5, grounds="measured",
        savings=(Saving(0.0002, 1.4), Saving(0.02, 1.45), Saving(0.1, 1.49)),
        numbers={"started": 5, "starting seconds": 0.1, "importing seconds": 1.4},
    )  # fmt: skip
    record = StackRecord(
        format=3, target="sample", scenario="whole", note="a small one",
        pair=Pair(first, last, "x"), python="3.13", machine=run.machine, network="cut off",
        started_at="2026-05-01T10:00:00+00:00", runs=(base_run, head_run), bare_s={},
        findings=(finding,),
    )  # fmt: skip
    save_account(record, workspace.data)
    return record


def page_of(workspace: Workspace, name: str = "README") -> str:
    written = write_report(workspace)
    assert not written.problems
    file = written.results / "case-study" / f"{name}.md"
    return unglued(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """All parts of a study, and its page: made once, and looked at only."""
    workspace = workspace_in(tmp_path_factory.mktemp("full"))
    declare(workspace)
    people(workspace)
    run = whole_run(workspace)
    traced(workspace)
    synthetic_optimization(workspace.data, with_run(usual_events(), run))
    synthetic_attribution(workspace.data)
    synthetic_claims(workspace.data, {1.25: 1.25, 3.0: 1.2})
    return workspace, page_of(workspace)


def test_the_first_screen_answers_what_how_much_where_why_how_certain_and_what_is_left(
    full: tuple[Workspace, str],
) -> None:
    first = full[1].partition("\n## ")[0]
    assert "# sample optimised itself\n\nsample is a program." in first
    assert "**Faster on Python 3.13: 2 of 2 (1.43x to 2.00x).**" in first
    machine = next(one for one in first.splitlines() if "What the machine changed" in one)
    assert "(on top of the head of main (aaaaaaaaaa))" in machine
    assert "**Faster: 2 of 2 scenarios on Python 3.12 and 3.13 (1.39x to 2.86x).**" in machine
    assert cells(first, "help: `sample --help`")[1:] == [
        "100 → 50.1 ms, 2.00x faster (1.99–2.01)",
        "200 → 70.0 ms, 2.86x faster (2.83–2.89)",
    ]
    assert "| unknown" not in first
    assert "The commits that did most: `2000000000` perf: change 2 (`help` 1.25x faster)" in first
    assert "defer git and requests until a command needs them (`help` 2.50x faster)" in first
    assert "At most a 5% chance, for each Python, that any *faster* or *slower* is wrong" in first
    assert "312 tests pass as before. Steps multiplied agree with the whole" in first
    assert "**What is left?** On the head of main (aaaaaaaaaa): Plateau: nothing else" in first
    assert "Of the 6.00 s of a whole `whole` at 2.0: `pytest` is started 5 times" in first
    assert "(../optimize/sample/aaaaaaaaaa/steps.svg)" in first


def test_sections_have_the_figures_of_the_data(full: tuple[Workspace, str]) -> None:
    _, page = full
    waits = section(page, "What a user waits for")
    assert cells(waits, "analysis and own code")[1:4] == ["6.00 → 2.00 s", "33.3%", "−4.00 s"]
    assert cells(waits, "**the whole command**")[1] == "10.0 → 6.00 s"
    commits = section(page, "What the commits did")
    assert cells(commits, "`5000000000` perf: change 5")[1] == "`help` 1.25x faster (1.24–1.26)"
    assert "Proved to contribute nothing to them: 4 commits." in commits
    assert "(../attribute/sample/0000000000..6000000000-help-help-py3.13.svg)" in commits
    claims = section(page, "Do the claimed speed-ups hold?")
    assert "**1 holds and 1 is less than claimed**" in claims
    assert cells(claims, "**less**")[2] == "3.00x faster"
    machine = section(page, "What the machine found: the head of main (aaaaaaaaaa)")
    assert cells(machine, "1 defer git and requests until a command needs them")[1] == (
        "`help` 200 → 80.0 ms, 2.50x faster (2.48–2.53) (3.13)"
    )
    assert "all steps multiplied 2.84x faster (2.80–2.88), the whole measured by itself" in machine
    assert "7 → 2 modules" in machine
    assert "Memory: less in `help` (2.00 times less)." in machine
    assert "first needed: `requests` 65.0 ms in none of these scenarios." in machine
    assert "answer --version before anything is imported" in machine
    left = section(page, "What is left, and why")
    assert cells(left, "`dataclasses`")[1] == "10.0 ms (`help`)"
    assert cells(left, "`pytest` is started 5 times with the same imports")[1:] == [
        "1.50 s", "25.0%", "1.45 s", "measured",
    ]  # fmt: skip
    assert "9 requests and 9 connections" in left
    check = section(page, "Check it")
    assert "python -m bench attribute sample r0..r6" in check
    assert "python -m bench claims sample r0..r6" in check
    assert "python -m bench optimize sample v1 --separate" in check
    assert "-s trace -- sample 1.0..2.0 --python 3.13 --scenario whole" in check
    missing = section(page, "Not measured")
    assert "What a machine would change on v0: `.venv/bin/nox -s optimize -- sample v0`" in missing
    assert "aaaaaaaaaa..perf/optimize-aaaaaaaaaa --benchmark whole`" in missing
    assert "Which commit" not in missing
    assert "What people changed, on Python 3.12" in missing


def test_links_and_pictures_are_there(full: tuple[Workspace, str]) -> None:
    workspace, page = full
    folder = workspace.results / "case-study"
    links = [one for one in re.findall(r"\]\(([^)\s]+)\)", page) if "://" not in one]
    assert len([one for one in links if one.endswith(".svg")]) == 3
    assert [one for one in links if not (folder / one).exists()] == []


def test_parts_without_data_are_left_out_and_listed(workspace: Workspace) -> None:
    declare(workspace)
    people(workspace)
    page = page_of(workspace)
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == ["Check it", "Not measured"]
    missing = section(page, "Not measured")
    for command_line in (
        "-s trace -- sample 1.0..2.0 --scenario whole",
        "-s attribute -- sample r0..r6",
        "-s claims -- sample r0..r6",
        "-s optimize -- sample aaaaaaaaaa",
    ):
        assert command_line in missing


def test_one_without_people_is_of_the_machine_alone(workspace: Workspace) -> None:
    declare(workspace)
    synthetic_optimization(workspace.data)
    page = page_of(workspace)
    assert "people" not in page.partition("## Check it")[0]
    assert "`.venv/bin/nox -s bench -- sample 1.0..2.0`" in section(page, "Not measured")


def test_an_optimisation_that_has_not_come_to_a_step_is_not_measured(workspace: Workspace) -> None:
    declare(workspace)
    people(workspace)
    early = [one for one in usual_events() if not isinstance(one, (StepRecord, Stood))]
    synthetic_optimization(workspace.data, early)
    assert "What the machine found" not in page_of(workspace)


def test_nothing_measured_is_no_page(workspace: Workspace) -> None:
    declare(workspace)
    write_report(workspace)
    assert not (workspace.results / "case-study").exists()


def test_undecided_figures_say_so(workspace: Workspace) -> None:
    declare(workspace)
    noisy = command("help", ratio=0.97, noise=0.2)
    write_run(workspace, RunPlan((control(), noisy)))
    assert "undecided (±" in cells(page_of(workspace), "help: `sample help`")[1]


def test_a_benchmark_of_another_machine_names_it(workspace: Workspace) -> None:
    declare(workspace)
    write_run(workspace, RunPlan((control(), command("whole", ratio=0.7)), machine="box-b"))
    later = "2026-11-24T06:41:57+00:00"
    write_run(workspace, RunPlan((control(), command("help", ratio=0.5)), started_at=later))
    first = page_of(workspace)
    assert "Columns are of box-a" in first
    assert "(`whole` on box-b)" in first
    assert "`whole` on box-b: quiet 1% · clean · tests not run (none declared)." in first


def test_the_whole_command_measured_besides_stands_in_the_machines_column(
    workspace: Workspace,
) -> None:
    declare(workspace)
    run = whole_run(workspace)
    later = RunPlan(
        (control(), command("whole", ratio=0.8)), base=BASE[:10], head=TIP[:10],
        run_id="20261124T064157Z-0001", started_at="2026-11-24T06:41:57+00:00",
    )  # fmt: skip
    write_run(workspace, later)
    synthetic_optimization(workspace.data, with_run(usual_events(), run))
    assert cells(page_of(workspace), "whole: `sample whole`")[1] == (
        "100 → 80.2 ms, 1.25x faster (1.24–1.26)"
    )


def test_it_stays_short_however_much_there_is(workspace: Workspace) -> None:
    declare(workspace)
    people(workspace)
    traced(workspace)
    synthetic_attribution(workspace.data, steps=40)
    declared = (workspace.targets / "sample.toml").read_text().replace("r0..r6", "r0..r120")
    (workspace.targets / "sample.toml").write_text(declared)
    synthetic_claims(workspace.data, {1.1 + one / 100: 1.2 for one in range(60)}, commits=120)
    for name, number in (("a" * 40, "20261130"), ("v0", "20261131")):
        events = [*many_steps(40), *usual_events()[-8:]]
        revision = Revision(source=Source.GIT, name="v0", identity=name, date="2026-11-01")
        synthetic_optimization(workspace.data, events, revision=revision, id=number)
    page = page_of(workspace)
    assert len(page.encode()) <= LONGEST
    assert "28 more steps on its page" in page
    assert "32 smaller steps more on the page of the attribution" in page


def many_steps(number: int) -> list[OptimizationEvent]:
    found: list[OptimizationEvent] = [
        StepRecord(
            number=one, recipe="defer-imports", kept=one <= number, why="x" * 80,
            title=f"defer package{one}, another{one} and third{one} until they are needed",
            sites=(SiteRecord(file="a.py", line=one, words="y" * 60),),
            reason="" if one <= number else "undecided: " + "because " * 40,
            gains=(gain("help", "3.13", 0.97), gain("import-sample", "3.13", 0.98)),
            predicted_s={"help": 0.01},
        )
        for one in range(1, number + 31)
    ]  # fmt: skip
    left = (LeftRecord(what=f"module{one}", why="z " * 60, costs_s={"help": one / 100})
            for one in range(30))  # fmt: skip
    return [*found, *left]


def test_several_studies_have_pages_of_their_own(workspace: Workspace) -> None:
    declare(workspace)
    declare(workspace, "other")
    people(workspace)
    page = page_of(workspace, "sample")
    assert "sample optimised itself" in page
    listed = (workspace.results / "case-study" / "README.md").read_text()
    assert "[sample optimised itself](sample.md)" in listed
    assert "other" not in listed


def test_the_index_leads_to_it_and_a_run_leaves_it_alone(workspace: Workspace) -> None:
    declare(workspace)
    people(workspace)
    page_of(workspace)
    index, page = workspace.results / "README.md", workspace.results / "case-study" / "README.md"
    before = index.read_bytes(), page.read_bytes()
    everything = (workspace.results / "all.md").read_bytes()
    assert all(
        b"[sample optimised itself](case-study/README.md)" in one for one in (before[0], everything)
    )
    write_changes(workspace)
    assert (index.read_bytes(), page.read_bytes()) == before


def test_made_twice_it_is_the_same(full: tuple[Workspace, str]) -> None:
    assert full[1] == page_of(full[0])


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('title = "x"', "a range or optimized revisions"),
        ('title = "x"\nrange = "1.0"', "range"),
        ('title = ""\nrange = "1.0..2.0"', "title"),
        ('title = "x"\nrange = "1.0..2.0"\nfigures = 3', "figures"),
    ],
)
def test_declarations_that_are_none(declared: str, said: str) -> None:
    start = TARGET.format(name="sample").partition("[case-study]")[0]
    text = f'{start}[case-study]\n{declared}\n[[benchmark]]\nname = "a"\ncommand = ["a"]\n'
    with pytest.raises(msgspec.ValidationError, match=said):
        parse_target(text)


def test_commits_are_those_of_the_range_unless_told_otherwise() -> None:
    assert CaseStudy(title="x", range="1.0..2.0").commits == "1.0..2.0"
    assert CaseStudy(title="x", range="1.0..2.0", attributed="a..b").commits == "a..b"


def test_the_shipped_study_names_benchmarks_that_exist() -> None:
    root = Path(__file__).parents[2]
    target = parse_target((root / "bench/targets/codeflash.toml").read_text(encoding="utf-8"))
    assert target.case_study is not None
    names = {one.name for one in target.benchmark}
    assert {*target.case_study.benchmarks, target.case_study.traced} <= names
