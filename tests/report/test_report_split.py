"""A change split into the project's own part and that of other packages."""

from __future__ import annotations

import pytest
from support.synthetic_runs import RunPlan, command, control, write_run

from bench.core.options import Options
from bench.core.verdict import Verdict
from bench.core.workspace import Workspace
from bench.engine.environments.dependencies import DependencyChange
from bench.report.machine_readable import result_document
from bench.report.pair.split_section import changes_words, splits_of
from bench.report.screen.lines import WIDTH
from bench.report.screen.split_lines import split_lines
from bench.report.select_runs import Evaluated, evaluated
from bench.report.write import write_report

OWN = (control(), command("help", ratio=1.08), command("own-only", ratio=0.5), command("less"))
PACKAGES = (
    control(),
    command("help", ratio=1.08),
    command("own-only"),
    command("gone", why_not="no"),
)


def written(workspace: Workspace, **how: object) -> list[Evaluated]:
    """The two runs of one command."""
    plans = [
        RunPlan(
            made=made,
            packages={"requests": "2.32"},
            options=Options(dependencies=deps),
            run_id=f"20261123T06415{number}Z-000{number}",
            **how,  # type: ignore[arg-type]
        )
        for number, (deps, made) in enumerate((("head", OWN), ("packages", PACKAGES)))
    ]
    return [evaluated(write_run(workspace, plan)) for plan in plans]


def test_parts_multiply_to_the_whole(workspace: Workspace) -> None:
    [split] = splits_of(written(workspace))
    assert split.changes == (DependencyChange("requests", None, "2.32"),)
    parts = {one.name: one for one in split.parts}
    assert parts.keys() == {"help", "own-only"}
    whole = parts["help"].whole
    assert whole is not None
    assert whole.ratio == pytest.approx(1.08**2, rel=0.01)
    assert whole.low < 1.08**2 < whole.high
    assert parts["own-only"].own.verdict is Verdict.FASTER
    assert parts["own-only"].packages.verdict is Verdict.SAME


def test_runs_of_other_environments_are_no_split(workspace: Workspace) -> None:
    own, packages = written(workspace)
    [other] = written(workspace, python="3.12")[1:]
    assert len(splits_of([own, packages, other])) == 1
    assert not splits_of([own, other])
    assert not splits_of([own])
    assert not splits_of([packages])


def test_on_screen_page_and_in_json(workspace: Workspace) -> None:
    runs = written(workspace)
    [split] = splits_of(runs)
    title, head, *lines = [line.plain for line in split_lines(split)]
    assert title == "What the change is made of, Python 3.13.0: requests 2.32, new"
    assert head.split() == ["benchmark", "in", "all", "own", "requests", "2.32"]
    assert "+16." in lines[0]
    assert "▲ +8." in lines[0]
    assert max(map(len, (title, head, *lines))) <= WIDTH
    documents = [result_document(one, None, [split]) for one in runs]
    assert [one["dependencies"] for one in documents] == ["head", "packages"]
    assert documents[1]["split"] is None
    told = documents[0]["split"]
    assert told["packages_run"] == documents[1]["run"]
    assert told["benchmarks"][0]["own"]["verdict"] == "slower"
    assert told["benchmarks"][0]["whole"]["ratio"] == pytest.approx(1.1664, rel=0.01)
    write_report(workspace)
    text = (workspace.results / "sample/1.0..2.0/README.md").read_text(encoding="utf-8")
    assert "## Own and others'" in text
    assert "Python 3.13.0: requests 2.32, new." in text
    assert "| `own-only`" in text


def test_many_packages_in_words() -> None:
    changes = [DependencyChange(name, "1", "2") for name in "abcde"]
    assert changes_words(changes[:2]) == "a 1 → 2 and b 1 → 2"
    assert changes_words(changes) == "5 packages differ, such as a 1 → 2, b 1 → 2 and c 1 → 2"
    assert changes_words([DependencyChange("a", "1", None)]) == "no a"
