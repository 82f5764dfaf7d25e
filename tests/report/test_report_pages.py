"""The pages of a pair, from outside: synthetic runs in, Markdown and SVG out."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace as replace_fields
from support.pages import cells, index_of, page_of, section
from support.synthetic_runs import (
    SMALL,
    Made,
    RunPlan,
    add_counters,
    an_import,
    command,
    control,
    script,
    workspace_in,
    write_run,
)

from bench.core.gate import Ending, Gate, SuiteRun
from bench.core.options import Options
from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.core.workspace import Workspace
from bench.engine.store.run import read_run
from bench.formats.figure_style import RED
from bench.report.write import write_report

SHA = "0123456789abcdef0123456789abcdef01234567"
ALL_KINDS = (
    control(),
    command("huge", ratio=0.03, rounds=6, alone=12, noise=0.02, large=True),
    command("waits", ratio=1.3, design=Design.PAIRS, metric=Metric.WALL),
    command("few", ratio=0.7, rounds=3, alone=0),
    command("gone", why_not="no command 'gone' | <see> __here__"),
    an_import("import-sample", ratio=0.8),
    script("inside", ratio=0.95),
    command("not-yet", rounds=0, alone=0, ended=False),
)
BESIDE = ("counters", "rounds", "method", "environments")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The report of a run with every kind of benchmark and of ending; for reading only."""
    made = workspace_in(tmp_path_factory.mktemp("everything"))
    made = replace(made, data=made.root / "data", results=made.root / "results")
    write_run(made, RunPlan(ALL_KINDS, resumed=True))
    assert not write_report(made).problems
    return made


@pytest.mark.parametrize("beside", [(), (command("worse", ratio=1.3),)])
def test_what_head_broke_comes_first_and_in_red(
    workspace: Workspace, beside: tuple[Made, ...]
) -> None:
    crash = command("crash", why_not="exit status 1: no", is_broken=True)
    write_run(workspace, RunPlan((control(), *beside, crash)))
    assert not write_report(workspace).problems
    page = page_of(workspace)
    said = f"🔴 **Broken by head: 1 of {1 + len(beside)}**: `crash`: head: exit status 1: no."
    assert said in page
    assert page.index(said) < page.index("Slower: ")
    assert cells(page, "`crash`")[3] == "🔴 **broken: fails on head**"
    assert "crash is broken: it works on base and fails on head: exit status 1: no" in page
    picture = next(workspace.results.glob("sample/*/*/ratios.svg")).read_text(encoding="utf-8")
    assert f"fill: {RED}" in picture
    assert ">broken<" in picture
    index = (workspace.results / "all.md").read_text(encoding="utf-8")
    assert f"🔴 **1 of {1 + len(beside)} broken**" in index


def test_the_page_says_the_verdict_first(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan())
    written = write_report(workspace)
    assert not written.problems
    assert written.runs == 1
    assert written.page_of(read_run(folder)).is_file()
    page = page_of(workspace)
    assert "# sample 1.0 → 2.0\n" in page
    assert re.search(r"\*\*Slower: 1 of 3\*\*: `worse` \(\+\d+\.\d%\)\. ", page)
    assert re.search(r"\*\*Faster on Python 3\.13: 1 of 3 \([12]\.\d\dx\)\.\*\* ", page)
    assert "Same, within ±2%: `same`." in page
    assert page.index("Slower: 1 of 3") < page.index("| benchmark")
    assert cells(page, "`quick`")[3] == "faster"
    assert cells(page, "`worse`")[3] == "**slower**"
    assert cells(page, "`same`")[3] == "same, within ±2%"
    rows = [line for line in page.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == ["quick", "same", "worse", "python-startup"]


def test_the_conditions_stand_on_top(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(packages={"new": "1"}))
    write_report(workspace)
    load, tests = "quiet: other processes used 1% in the median", "tests: not run (none declared)"
    line = f"{load} | harness clean | {tests} | ⚠ 1 package differs"
    assert line in page_of(workspace).partition("![")[0]
    row = "quiet 1% · clean · tests not run (none declared)"
    assert cells(index_of(workspace), "[sample")[5] == row


def test_the_picture_says_the_result_to_those_who_cannot_see_it(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL))
    write_report(workspace)
    page = page_of(workspace)
    assert page.count("![") == 1
    assert re.search(r"!\[Ratios with intervals\. Faster on Python 3\.13: 1 of 1", page)


def test_every_kind_of_benchmark_and_of_ending(everything: Workspace) -> None:
    page = page_of(everything)
    assert cells(page, "`few`")[2].endswith("(unbounded)")
    assert cells(page, "`few`")[3] == "undecided, needs more rounds"
    assert re.search(r"Undecided: .*`few`.*\. Not measured: `gone`", page)
    assert cells(page, "`gone`")[1:] == ["– → –", "–", "not measured"]
    assert "no command 'gone' \\| &lt;see&gt; \\_\\_here\\_\\_" in page
    assert cells(page, "`not-yet`")[3] == "not measured"
    net, walls, memory = page.split("<summary>")[1:]
    assert net.startswith("Import cost net of interpreter start")
    assert cells(net, "`import-sample`")[2].startswith("1.3")
    assert "`huge`" not in net
    assert "`inside`" not in walls
    assert cells(walls, "`waits`")[2] == cells(page, "`waits`")[2]
    assert cells(memory, "`huge`") == ["`huge`", "40.0 → 20.0 MiB", "2.00 times less"]
    method = page_of(everything, name="method")
    assert cells(method, "`huge`")[4] == "12 pairs, CPU time (95%); verdict from duets"
    assert cells(method, "`inside`")[1] == "pairs, value"


def test_pythons_are_columns(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(python="3.13"))
    write_run(workspace, RunPlan(python="3.9", made=(control(), command("quick", ratio=1.0))))
    write_report(workspace)
    page = page_of(workspace)
    assert cells(page, "benchmark")[1:] == [
        "3.9: before → after", "change", "3.13: before → after", "change", "verdict",
    ]  # fmt: skip
    assert cells(page, "`quick`")[-1] == "3.9: same, within ±2%; 3.13: faster"
    assert cells(page, "`worse`")[1:3] == ["–", "–"]
    assert "Faster on some: `quick` (2.0" in page
    assert "on 3.13)" in page
    assert "--python 3.9 --python 3.13" in section(page, "Repeat it")
    assert len(list(workspace.results.rglob("ratios.svg"))) == 1


def test_machines_are_never_pooled(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL, machine="box-a"))
    later = "2026-11-24T06:41:57+00:00"
    write_run(workspace, RunPlan(SMALL, machine="box-b", python="3.12", started_at=later))
    write_report(workspace)
    page, other = page_of(workspace), page_of(workspace, name="box-a")
    assert page.index("## On box-b") < page.index("## On other machines")
    assert "- [on box-a](box-a.md), 2026-11-23: **" in page
    assert "(box-b/ratios.svg)" in page
    assert "box-a/ratios.svg" not in page
    assert "(box-a/ratios.svg)" in other
    assert "box-b" not in other
    assert "(environments-box-a.md)" in other
    environments = page_of(workspace, name="environments")
    assert "## Machine box-b" in environments
    assert "On other machines: [box-a](environments-box-a.md)." in environments
    assert "## Machine box-a" in page_of(workspace, name="environments-box-a")
    assert len([line for line in index_of(workspace).splitlines() if "box-" in line]) == 2


def test_the_newest_complete_run_is_shown_and_others_listed(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(run_id="r1", started_at="2026-01-01T00:00:00+00:00"))
    write_run(workspace, RunPlan(run_id="r2", started_at="2026-01-02T00:00:00+00:00"))
    unfinished = RunPlan(run_id="r3", started_at="2026-01-03T00:00:00+00:00", complete=False)
    write_run(workspace, unfinished)
    slower = RunPlan(
        (control(), command("quick", ratio=0.9)),
        run_id="r4",
        started_at="2026-01-04T00:00:00+00:00",
        options=Options(benchmarks=("quick",)),
    )
    write_run(workspace, slower)
    write_report(workspace)
    page = page_of(workspace, name="method")
    lines = {
        match[1]: line
        for line in page.splitlines()
        if (match := re.match(r"- (?:Shown|Not shown): run \[(r\d)\]", line))
    }
    assert lines["r2"].startswith("- Shown: ")
    assert "complete" not in lines["r1"]
    assert lines["r1"].endswith("3 of 3 intervals overlap with those shown.")
    assert "not complete, 3 benchmarks" in lines["r3"]
    assert lines["r4"].endswith("0 of 1 intervals overlap with those shown.")


def test_an_incomplete_run_is_marked(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL, complete=False))
    write_report(workspace)
    assert "So far: the run of Python 3.13 is not complete." in page_of(workspace)
    assert "**not complete**" in index_of(workspace)


def test_the_command_names_every_option_that_is_not_the_default(workspace: Workspace) -> None:
    options = Options(
        alpha=0.01, mei=0.05, budget_s=2.5, rounds=40, design=Design.PAIRS,
        benchmarks=("im*",), groups=("cli",), dependencies="base",
    )  # fmt: skip
    write_run(workspace, RunPlan(SMALL, options=options))
    write_report(workspace)
    assert (
        "\n.venv/bin/nox -s bench-sample -- 1.0..2.0 --python 3.13 --benchmark 'im*' --group cli "
        "--deps base --design pairs --alpha 0.01 --mei 0.05 --budget 2.5 --rounds 40\n"
    ) in page_of(workspace)


def test_commits_are_named_by_what_they_do_and_show_what_proves_them(workspace: Workspace) -> None:
    subject = "Fix a|b in __init__ and `re` <now>"
    plan = RunPlan(
        SMALL, base=SHA, head=SHA[::-1], subject=subject, packages={"rich": "15.0", "new": "1"}
    )
    write_run(workspace, plan)
    write_report(workspace)
    shown = "Fix a\\|b in \\_\\_init\\_\\_ and `re` &lt;now&gt;"
    pair = f"{SHA[:10]}..{SHA[::-1][:10]}"
    assert f"# sample 0123456 → 7654321 (up to: {shown})\n" in page_of(workspace, pair)
    assert f"[sample 0123456 → 7654321 (up to: {shown})](sample/{pair}/README.md)" in index_of(
        workspace
    )
    page = page_of(workspace, pair, "environments")
    assert cells(page, "subject")[1] == shown
    assert cells(page, "dependencies")[1] == "locked by the commit's `uv.lock`"
    assert cells(page, "files identical")[1] == "41 of 42; different: `sample/_version.py`"
    differences = section(page, "Dependency differences")
    assert cells(differences, "rich") == ["rich", "14.0", "15.0"]
    assert cells(differences, "new") == ["new", "not installed", "1"]


def test_the_index_sorts_targets_by_layer(workspace: Workspace) -> None:
    for layer in ("something else", "prior art", "core engine"):
        write_run(workspace, RunPlan(SMALL, layer=layer, target=layer.split()[0]))
    write_report(workspace)
    index = index_of(workspace)
    titles = ("core (core engine)", "prior (prior art)", "something (something else)")
    places = [index.index(f"## {name}") for name in titles]
    assert places == sorted(places)
    row = cells(index, "[prior")
    assert row[:3] == ["[prior 1.0 → 2.0](prior/1.0..2.0/README.md)", "2026-11-23", "–"]
    assert re.fullmatch(r"1 of 1 \([12]\.\d\dx\)", row[3])


def test_the_index_has_a_line_a_pair_with_its_pythons(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(python="3.12"))
    write_run(workspace, RunPlan((*SMALL, command("worse", ratio=1.0)), python="3.13"))
    write_report(workspace)
    _, _, slower, faster, other, _ = cells(index_of(workspace), "[sample")
    assert slower.startswith("**3.12: 1 of 3, 3.13: 0 of 2 (+")
    assert faster.startswith("3.12: 1 of 3, 3.13: 1 of 2 (")
    assert other == "1 same"


def test_a_layer_that_is_not_the_targets_own_has_a_line(workspace: Workspace) -> None:
    across = command("across", ratio=1.5)
    across = replace(across, benchmark=Benchmark(name="across", command=("x",), layer="boundary"))
    write_run(workspace, RunPlan((*SMALL, across)))
    write_report(workspace)
    index = index_of(workspace)
    assert cells(index, "[sample")[2] == "–"
    boundary = cells(index, "[sample", 1)
    assert boundary[0].endswith("README.md) (boundary)")
    assert boundary[2].startswith("**1 of 1")
    assert "core engine and boundary · " in page_of(workspace)


def test_tests_that_newly_fail_are_said_first(workspace: Workspace) -> None:
    good = SuiteRun(
        ending=Ending.RESULTS, source="a checkout", environment="0" * 16, duration_s=3.0, passed=5
    )
    bad = replace_fields(good, passed=4, failed=1)
    gate = Gate(command=("pytest",), base=good, head=bad, newly_failing=("test_a|b",))
    write_run(workspace, RunPlan(SMALL, gate=gate))
    write_report(workspace)
    page = page_of(workspace)
    assert page.index("tests newly fail") < page.index("Faster on")
    assert "tests: 5 passed → 4 passed, 1 failed" in page
    environments = page_of(workspace, name="environments")
    assert "test_a\\|b" in section(environments, "Tests of the project")
    assert "**tests fail**" in cells(index_of(workspace), "[sample")[5]


@pytest.mark.parametrize("place", ["everything", "committed"])
def test_links_lead_to_files_that_are_kept(everything: Workspace, place: str) -> None:
    """Relative links of all pages: those of this repository must not lead to what git ignores."""
    root = Path(__file__).parents[2]
    results = everything.results if place == "everything" else root / "results"
    targets = set()
    for page in results.rglob("*.md"):
        links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        for link in links:
            if not link.startswith("http"):
                target = (page.parent / link.partition("#")[0]).resolve()
                assert target.exists(), f"{page}: {link}"
                targets.add(target)
    if place == "committed":
        assert not ignored(root, targets)


def ignored(root: Path, files: set[Path]) -> list[str]:
    """Which of some files git ignores."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        pytest.skip("not a clone")
    names = "\n".join(str(file.relative_to(root)) for file in sorted(files))
    asked = [git, "check-ignore", "--stdin"]
    done = subprocess.run(asked, check=False, cwd=root, input=names, stdout=PIPE, text=True)
    return done.stdout.split()


def test_links_of_reasons_lead_to_a_heading(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan(SMALL))
    add_counters(folder, ("quick",))
    write_report(workspace)
    why = section(page_of(workspace), "Why?")
    assert "modules imported 300 → 260 (no longer imported, by package: `lib0` 40)" in why
    found = re.search(
        r"2.00 times fewer system calls \(\[counters\]\((counters-\S+)\.md#quick\)\)", why
    )
    assert found
    assert "## quick\n" in page_of(workspace, name=found[1])


def test_the_page_of_many_benchmarks_stays_small(workspace: Workspace) -> None:
    names = [f"import-a-module-with-a-long-name-{number}" for number in range(22)]
    made: list[Made] = [control(), *(an_import(name, ratio=0.5) for name in names)]
    packages = {f"a-package-{number}": "1.0" for number in range(40)}
    for python in ("3.12", "3.13"):
        folder = write_run(workspace, RunPlan(made, python=python, packages=packages))
        add_counters(folder, names)
    write_report(workspace)
    page = workspace.results / "sample" / "1.0..2.0" / "README.md"
    assert page.stat().st_size <= 25_000
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 250
    assert page.read_text(encoding="utf-8").count("![") == 1


def test_tables_have_blank_lines_around_and_even_rows(everything: Workspace) -> None:
    for page in everything.results.rglob("*.md"):
        for block in page.read_text(encoding="utf-8").split("\n\n"):
            lines = block.splitlines()
            if any(line.startswith("|") for line in lines):
                assert all(line.startswith("|") for line in lines)
                assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_pages_have_pages_beside_them_and_pictures_are_well_formed(everything: Workspace) -> None:
    folder = everything.results / "sample" / "1.0..2.0"
    assert {file.stem for file in folder.glob("*.md")} == {"README", *BESIDE}
    pictures = sorted(everything.results.rglob("*.svg"))
    assert [file.name for file in pictures] == ["ratios.svg", "rounds-py3.13.svg"]
    for picture in pictures:
        assert ET.fromstring(picture.read_text(encoding="utf-8")).tag.endswith("svg")


def test_drawing_again_changes_nothing(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan())
    write_report(workspace)
    files = {file: file.read_bytes() for file in _files(workspace.results)}
    times = {file: file.stat().st_mtime_ns for file in files}
    write_report(workspace)
    assert {file: file.stat().st_mtime_ns for file in _files(workspace.results)} == times
    picture = next(workspace.results.rglob("ratios.svg"))
    picture.write_bytes(picture.read_bytes()[:-200])
    write_report(workspace)
    assert {file: file.read_bytes() for file in _files(workspace.results)} == files
    assert folder.is_dir()


def test_a_changed_run_is_drawn_again(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL))
    write_report(workspace)
    picture = next(workspace.results.rglob("ratios.svg"))
    before = picture.read_bytes()
    newer = replace(RunPlan(SMALL), run_id="r9", started_at="2027-01-01T00:00:00+00:00")
    write_run(workspace, replace(newer, made=(control(), command("quick", ratio=0.4))))
    write_report(workspace)
    assert picture.read_bytes() != before


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_a_group_measured_by_itself_has_its_rows_in_the_same_table(workspace: Workspace) -> None:
    e2e = replace(command("whole", ratio=0.5), benchmark=Benchmark(
        name="whole", group="e2e", command=("sample", "whole")))  # fmt: skip
    write_run(workspace, RunPlan())
    alone = RunPlan(
        made=(control(rounds=40), e2e),
        options=Options(groups=("e2e",)),
        started_at="2026-11-23T09:00:00+00:00",
        run_id="20261123T090000Z-0002",
    )
    write_run(workspace, alone)
    write_report(workspace)
    page = page_of(workspace)
    assert "1 benchmark in another run (e2e, Python 3.13): 1 faster." in page
    assert "Faster on Python 3.13: 1 of 3 " in page  # the counts are of the first run
    top = page.partition("\n## ")[0]
    assert cells(top, "`whole`")[3] == "faster"
    # The control was measured in both runs: one row, of the first.
    assert len([line for line in top.splitlines() if line.startswith("| `python-startup`")]) == 1
    assert list(workspace.results.rglob("rounds-py3.13-e2e.svg"))


def test_runs_of_one_group_without_a_benchmark_in_common_keep_their_pictures(
    workspace: Workspace,
) -> None:
    for number, name in enumerate(("one", "two", "three")):
        alone = RunPlan(
            made=(control(), command(name)),
            options=Options(benchmarks=(name,)),
            started_at=f"2026-11-23T0{number}:00:00+00:00",
            run_id=f"20261123T0{number}0000Z-000{number}",
        )
        write_run(workspace, alone)
    write_report(workspace)
    assert len(list(workspace.results.rglob("rounds-*.svg"))) == 3
