"""The pages, from outside: synthetic runs in, Markdown and SVG out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace as replace_fields
from support.synthetic_runs import (
    SMALL,
    RunPlan,
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
from bench.report.write import write_report

SHA = "0123456789abcdef0123456789abcdef01234567"
ALL_KINDS = (
    control(),
    command("huge", ratio=0.03, rounds=6, alone=12, noise=0.02),
    command("waits", ratio=1.3, design=Design.PAIRS, metric=Metric.WALL),
    command("few", ratio=0.7, rounds=3, alone=0),
    command("gone", why_not="no command 'gone' | <see> __here__"),
    an_import("import-sample", ratio=0.8),
    script("inside", ratio=0.95),
    command("not-yet", rounds=0, alone=0, ended=False),
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The report of a run with every kind of benchmark and of ending; for reading only."""
    made = workspace_in(tmp_path_factory.mktemp("everything"))
    made = replace(made, data=made.root / "data", results=made.root / "results")
    write_run(made, RunPlan(ALL_KINDS, resumed=True))
    assert not write_report(made).problems
    return made


def page_of(workspace: Workspace, pair: str = "1.0..2.0", target: str = "sample") -> str:
    return (workspace.results / target / pair / "README.md").read_text(encoding="utf-8")


def index_of(workspace: Workspace) -> str:
    return (workspace.results / "README.md").read_text(encoding="utf-8")


def cells(page: str, first: str, nth: int = 0) -> list[str]:
    """The nth table row that begins with a cell."""
    rows = [line for line in page.splitlines() if line.startswith(f"| {first} ")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", rows[nth])[1:-1]]


def section(page: str, words: str) -> str:
    """A section by its heading, until the next heading of any level."""
    _, _, rest = page.partition(f"# {words}\n")
    assert rest, words
    return re.split(r"\n#+ ", rest)[0]


def test_the_page_says_the_verdict_first(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan())
    written = write_report(workspace)
    assert not written.problems
    assert written.runs == 1
    assert written.page_of(read_run(folder)).is_file()
    page = page_of(workspace)
    assert "**On Python 3.13, 1 of 3 benchmarks got faster and 1 slower.**" in page
    assert page.index("got faster") < page.index("| benchmark")
    assert "Slower: `worse` (+" in page
    assert "Faster: `quick` (2." in page
    assert "Same, within ±2%: `same` (±" in page
    assert cells(page, "quick")[4:] == ["faster", "12"]
    assert cells(page, "worse")[4] == "slower"
    assert cells(page, "same")[4] == "same, within ±2%"


def test_every_kind_of_benchmark_and_of_ending(everything: Workspace) -> None:
    page = page_of(everything)
    assert cells(page, "few")[3].endswith("(unbounded)")
    assert cells(page, "few")[4] == "undecided, needs more rounds"
    assert "`few` (1.4" in page
    assert "in too few rounds to tell" in page
    assert cells(page, "gone")[1:5] == ["–", "–", "–", "not measured"]
    assert "no command 'gone' \\| &lt;see&gt; \\_\\_here\\_\\_" in page
    assert cells(page, "not-yet")[4] == "not measured"
    net = section(page, "Import cost net of interpreter start")
    assert cells(net, "import-sample")[3].startswith("1.2")
    assert "huge" not in net
    assert "inside" not in section(page, "Wall time, each side alone")
    assert "waits" in section(page, "Wall time, each side alone")
    assert cells(section(page, "Memory"), "huge") == ["huge", "40.0 MiB", "20.0 MiB", "2.00x less"]
    obtained = section(page, "How each figure was obtained")
    assert cells(obtained, "huge")[4] == "12 pairs, CPU time (95%); verdict from duets"
    assert cells(obtained, "inside")[1] == "pairs, value"


def test_pythons_side_by_side(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(python="3.13"))
    write_run(workspace, RunPlan(python="3.9", made=(control(), command("quick", ratio=1.0))))
    write_report(workspace)
    page = page_of(workspace)
    table = section(page, "Pythons side by side")
    assert cells(table, "benchmark")[1:] == [
        "3.9: change", "3.9: verdict", "3.13: change", "3.13: verdict",
    ]  # fmt: skip
    assert cells(table, "quick")[2::2] == ["same, within ±2%", "faster"]
    assert cells(table, "worse")[1:3] == ["–", "not in this run"]
    assert page.index("# Python 3.9") < page.index("# Python 3.13")
    assert "--python 3.9 --python 3.13" in section(page, "Repeat it")


def test_machines_are_never_pooled(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL, machine="box-b"))
    write_run(workspace, RunPlan(SMALL, machine="box-a", python="3.12"))
    write_report(workspace)
    page = page_of(workspace)
    assert "side by side" not in page
    assert page.index("## On box-a") < page.index("## On box-b")
    assert page.count("### Machine") == 2
    assert "py3.13/box-b/ratios.svg" in page
    assert "py3.12/box-a/ratios.svg" in page
    assert len([line for line in index_of(workspace).splitlines() if "box-" in line]) == 2


def test_the_newest_complete_run_is_shown_and_others_listed(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(run_id="r1", started_at="2026-01-01T00:00:00+00:00"))
    write_run(workspace, RunPlan(run_id="r2", started_at="2026-01-02T00:00:00+00:00"))
    unfinished = RunPlan(run_id="r3", started_at="2026-01-03T00:00:00+00:00", complete=False)
    write_run(workspace, unfinished)
    slower = (control(), command("quick", ratio=0.9))
    write_run(
        workspace,
        RunPlan(
            slower,
            run_id="r4",
            started_at="2026-01-04T00:00:00+00:00",
            options=Options(benchmarks=("quick",)),
        ),
    )
    write_report(workspace)
    page = page_of(workspace)
    assert "Shown is the run `r2`" in page
    assert "`r1`, 2026-01-01, complete, 3 benchmarks: 3 of 3 intervals overlap" in page
    assert "`r3`, 2026-01-03, not complete, 3 benchmarks: 3 of 3 intervals overlap" in page
    assert "`r4`, 2026-01-04, complete, 1 benchmark: 0 of 1 intervals overlap" in page


def test_an_incomplete_run_is_marked(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL, complete=False))
    write_report(workspace)
    assert "## Python 3.13.0, not complete" in page_of(workspace)
    assert "so far (the run is not complete)" in page_of(workspace)
    assert "**no**" in index_of(workspace)


def test_the_command_names_every_option_that_is_not_the_default(workspace: Workspace) -> None:
    options = Options(
        alpha=0.01, mei=0.05, budget_s=2.5, rounds=40, design=Design.PAIRS,
        benchmarks=("im*",), groups=("cli",), dependencies="base",
    )  # fmt: skip
    write_run(workspace, RunPlan(SMALL, options=options))
    write_report(workspace)
    assert (
        "nox -s bench-sample -- 1.0..2.0 --python 3.13 --benchmark 'im*' --group cli --deps base "
        "--design pairs --alpha 0.01 --mei 0.05 --budget 2.5 --rounds 40\n"
    ) in page_of(workspace)


def test_commits_show_what_proves_them(workspace: Workspace) -> None:
    subject = "Fix a|b in __init__ <now>"
    plan = RunPlan(
        SMALL, base=SHA, head=SHA[::-1], subject=subject, packages={"rich": "15.0", "new": "1"}
    )
    write_run(workspace, plan)
    write_report(workspace)
    page = page_of(workspace, f"{SHA[:10]}..{SHA[::-1][:10]}")
    assert cells(page, "subject")[1] == "Fix a\\|b in \\_\\_init\\_\\_ &lt;now&gt;"
    assert cells(page, "dependencies")[1] == "locked by the commit's `uv.lock`"
    assert cells(page, "files identical")[1] == "41 of 42; different: `sample/_version.py`"
    differences = section(page, "Dependency differences")
    assert cells(differences, "rich") == ["rich", "14.0", "15.0"]
    assert cells(differences, "new") == ["new", "not installed", "1"]


def test_the_index_sorts_by_layer(workspace: Workspace) -> None:
    for layer in ("something else", "prior art", "core engine"):
        write_run(workspace, RunPlan(SMALL, layer=layer, target=layer.split()[0]))
    write_report(workspace)
    index = index_of(workspace)
    places = [index.index(f"## {name}") for name in ("Core engine", "Prior art", "Something else")]
    assert places == sorted(places)
    row = cells(index, "prior")
    assert row[1] == "[1.0..2.0](prior/1.0..2.0/README.md)"
    assert row[3] == "1 faster"
    assert row[4].startswith("`quick` 2.0")


def test_benchmarks_are_listed_in_their_own_layer(workspace: Workspace) -> None:
    across = command("across", ratio=0.5)
    across = replace(across, benchmark=Benchmark(name="across", command=("x",), layer="boundary"))
    write_run(workspace, RunPlan((*SMALL, across)))
    write_report(workspace)
    core, boundary = index_of(workspace).split("## Boundary")
    assert "`quick`" in core
    assert "`across`" not in core
    assert cells(boundary, "sample")[3] == "1 faster"
    assert "`across`" in boundary
    assert "core engine and boundary · " in page_of(workspace)


def test_tests_that_newly_fail_are_said_first(workspace: Workspace) -> None:
    good = SuiteRun(Ending.RESULTS, "a checkout", "0" * 16, 3.0, passed=5)
    bad = replace_fields(good, passed=4, failed=1)
    gate = Gate(command=("pytest",), base=good, head=bad, newly_failing=("test_a|b",))
    write_run(workspace, RunPlan(SMALL, gate=gate))
    write_report(workspace)
    page = page_of(workspace)
    assert page.index("tests newly fail") < page.index("got faster")
    assert "test_a\\|b" in section(page, "Tests of the project")
    assert "tests newly fail" in cells(index_of(workspace), "sample")[3]


def test_links_lead_somewhere(everything: Workspace) -> None:
    for page in everything.results.rglob("*.md"):
        links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        assert links
        for link in links:
            assert (page.parent / link).exists(), link


def test_tables_have_blank_lines_around_and_even_rows(everything: Workspace) -> None:
    for page in everything.results.rglob("*.md"):
        for block in page.read_text(encoding="utf-8").split("\n\n"):
            lines = block.splitlines()
            if any(line.startswith("|") for line in lines):
                assert all(line.startswith("|") for line in lines)
                assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_pictures_are_well_formed(everything: Workspace) -> None:
    pictures = sorted(everything.results.rglob("*.svg"))
    assert len(pictures) == 7
    for picture in pictures:
        assert ET.fromstring(picture.read_text(encoding="utf-8")).tag.endswith("svg")


def test_drawing_again_changes_nothing(workspace: Workspace) -> None:
    folder = write_run(workspace, RunPlan())
    write_report(workspace)
    files = {file: file.read_bytes() for file in _files(workspace.results)}
    times = {file: file.stat().st_mtime_ns for file in files}
    write_report(workspace)
    assert {file: file.stat().st_mtime_ns for file in _files(workspace.results)} == times
    picture = next(workspace.results.rglob("same.svg"))
    picture.write_bytes(picture.read_bytes()[:-200])
    write_report(workspace)
    assert {file: file.read_bytes() for file in _files(workspace.results)} == files
    assert folder.is_dir()


def test_a_changed_run_is_drawn_again(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL))
    write_report(workspace)
    picture = next(workspace.results.rglob("quick.svg"))
    before = picture.read_bytes()
    newer = replace(RunPlan(SMALL), run_id="r9", started_at="2027-01-01T00:00:00+00:00")
    write_run(workspace, replace(newer, made=(control(), command("quick", ratio=0.4))))
    write_report(workspace)
    assert picture.read_bytes() != before


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_a_group_measured_by_itself_is_shown_after_the_rest(workspace: Workspace) -> None:
    e2e = replace(command("whole", ratio=0.5), benchmark=Benchmark(
        name="whole", group="e2e", command=("sample", "whole")))  # fmt: skip
    write_run(workspace, RunPlan())
    alone = RunPlan(
        made=(control(), e2e),
        options=Options(groups=("e2e",)),
        started_at="2026-11-23T09:00:00+00:00",
        run_id="20261123T090000Z-0002",
    )
    write_run(workspace, alone)
    written = write_report(workspace)
    (page,) = (written.results / "sample").rglob("README.md")
    text = page.read_text(encoding="utf-8")
    assert text.index("| quick") < text.index(", e2e\n") < text.rindex("| whole")
    assert list(page.parent.glob("py3.13/box-a/e2e/ratios.svg"))
    assert text.count("3.13: verdict") <= 1
    assert "`whole`" not in text.partition("\n## ")[0]  # the summary is of the first run


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
    written = write_report(workspace)
    assert len(list((written.results / "sample").rglob("ratios.svg"))) == 3
