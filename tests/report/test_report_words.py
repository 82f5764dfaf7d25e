"""What the pages of a pair and the index say in words, of conditions, sizes and reasons."""

from __future__ import annotations

import re

import pytest
from support.pages import cells, index_of, page_of, section
from support.synthetic_runs import (
    SMALL,
    RunPlan,
    add_counters,
    command,
    control,
    script,
    write_calibration,
    write_run,
)

from bench.core.counts import Counter, Instrument, Tally
from bench.core.gate import Gate
from bench.core.revision import Pair, Revision, Source
from bench.core.workspace import Workspace
from bench.engine.store.events import Counted
from bench.engine.store.run import Journal, read_run
from bench.report.pair.headline import pair_title
from bench.report.write import write_report


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("skipped with --no-tests", "`--no-tests`"),
        ("1.0 has none of tests/test_a.py, tests/test_b.py", "1.0 has none"),
        ("1.0 has no tests (nor any of 3 other paths), which the file names", "1.0 has none"),
        (f"the build failed: {'x' * 100}", f"the build failed: {'x' * 42}…"),
    ],
)
def test_why_no_tests_were_run_is_said_shortly(
    workspace: Workspace, reason: str, words: str
) -> None:
    write_run(workspace, RunPlan(SMALL, gate=Gate(reason=reason)))
    write_report(workspace)
    assert f"| tests: not run ({words}) |" in page_of(workspace)
    assert f"tests not run ({words})" in cells(index_of(workspace), "[sample")[5]
    told = page_of(workspace, name="environments").replace("\\_", "_").replace("\\-", "-")
    assert f"Not run: {reason}." in told


def test_the_load_is_said_of_each_run(workspace: Workspace) -> None:
    write_run(workspace, RunPlan(SMALL, python="3.12"))
    loaded = (control(others=0.3), command("a", others=0.4), command("b", others=0.5))
    write_run(workspace, RunPlan(loaded, python="3.13"))
    write_report(workspace)
    page = page_of(workspace)
    assert "⚠ loaded: other processes used 40% in the median (3.13)" in page
    assert "used 1% (3.12) and 40% (3.13) of the machine in the median." in page
    assert "other processes used at most 50% of the machine (median over benchmarks: 40%)" in page


def test_where_nothing_is_decided_that_is_the_headline(workspace: Workspace) -> None:
    few = (control(), command("a", rounds=3, alone=0), command("b", rounds=3, alone=0))
    write_run(workspace, RunPlan(few))
    write_report(workspace)
    page = page_of(workspace)
    assert "\n**Undecided on Python 3.13: 2 of 2.**\n" in page
    assert "Faster" not in page.partition("![")[0]


def test_a_range_of_sizes_has_one_unit(workspace: Workspace) -> None:
    made = (control(), command("a", ratio=0.95), command("b", ratio=0.5))
    write_run(workspace, RunPlan(made))
    write_report(workspace)
    assert re.search(r"2 of 2 \(1\.0\dx to [12]\.\d\dx\)", index_of(workspace))


def test_the_large_effect_rule_has_no_p_value(workspace: Workspace) -> None:
    large = command("huge", ratio=0.03, rounds=6, noise=0.02, large=True)
    plan = RunPlan((control(), large, command("same")))
    write_calibration(workspace, plan)
    write_run(workspace, plan)
    write_report(workspace)
    page = page_of(workspace, name="method")
    assert cells(page, "`huge`")[6] == "large-effect rule"
    assert cells(page, "`huge`")[8] == "–"
    assert cells(page, "`same`")[8].startswith("±")
    assert "so there is no p-value" in page
    assert "left out beside changes of 1.2x and more" in page


@pytest.mark.parametrize(
    ("base", "head", "title"),
    [
        ("abc^", "abc", "abc^ → abc: A change"),
        ("2222222222~1", "my-branch", "2222222222\\~1 → my-branch: A change"),
        ("abc^^", "abc", "abc^^ → abc (up to: A change)"),
        ("main", "my-branch", "main → my-branch (up to: A change)"),
    ],
)
def test_a_subject_stands_for_a_change_only_where_base_is_its_parent(
    base: str, head: str, title: str
) -> None:
    sides = [
        Revision(source=Source.GIT, name=name, identity=digit * 40, date="", subject="A change")
        for name, digit in ((base, "1"), (head, "2"))
    ]
    assert pair_title(Pair(sides[0], sides[1], "a clone")) == title


def test_a_benchmark_without_a_reason_says_so(workspace: Workspace) -> None:
    made = (*SMALL, command("other", ratio=0.5), script("inside", ratio=0.5))
    folder = write_run(workspace, RunPlan(made, complete=False))
    add_counters(folder, ("quick",))
    with Journal(read_run(folder)) as journal:
        tally = Tally({Counter.SYSTEM_CALLS: 8000})
        journal.write(
            Counted(benchmark="other", instrument=Instrument.SYSTEM_CALLS, base=tally, head=tally)
        )
    write_report(workspace)
    why = section(page_of(workspace), "Why?")
    assert "- `other`: no counter explains it\n" in why
    assert "- `inside`: scripts are not counted" in why
