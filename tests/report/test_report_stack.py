"""The page of a user's whole command, from traces kept under data/ and runs of other layers."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from support.pages import unglued
from support.synthetic_stacks import TARGET, write_stack

from bench.core.sample import Side
from bench.core.target import parse_target
from bench.core.workspace import Workspace
from bench.engine.store.accounts import (
    RunAccount,
    StackRecord,
    read_accounts,
    save_account,
)
from bench.explain.trace.path import Layer as Traced
from bench.report.figures.stack_figure import STACK_PAINTS
from bench.report.stack.stack_layers import ORDER, Spread, compared, layers_of, programs_of, wall
from bench.report.stack.stack_page import stack_file
from bench.report.write import write_report

STANDS_IN = 'target = "nowhere"\nbenchmark = "work"\npublic = "sample"'


@pytest.fixture
def traced(workspace: Workspace) -> StackRecord:
    return write_stack(workspace)


def test_layers_add_up_to_the_wall_time(traced: StackRecord) -> None:
    for run in traced.runs:
        assert sum(layers_of(run).values()) == pytest.approx(run.wall_s)
    layers = compared(traced)
    assert sum(one.base.mean for one in layers) == pytest.approx(wall(traced).base.mean)
    by_name = {one.name: one for one in layers}
    # What is not known of children (0.25 s here) is theirs all the same.
    assert by_name["subprocesses: their work"].base.mean == pytest.approx(1.5 + 0.25)
    assert [one.name for one in programs_of(traced)] == ["pytest", "git"]


def test_every_layer_of_a_trace_has_its_place_and_colour() -> None:
    run = RunAccount(side=Side.BASE, wall_s=1.0, layers={str(one): 1.0 for one in Traced})
    found = layers_of(run)
    assert sum(found.values()) == len(Traced)
    assert found["unexplained"] == 1.0
    assert set(ORDER) == set(STACK_PAINTS)


def test_runs_apart() -> None:
    assert Spread.of([1.0, 2.0]).is_apart_from(Spread.of([2.1, 3.0]))
    assert not Spread.of([1.0, 2.0]).is_apart_from(Spread.of([1.9, 3.0]))
    assert not Spread.of([1.0]).is_apart_from(Spread.of([2.0, 3.0]))


def test_the_page(workspace: Workspace, traced: StackRecord) -> None:
    written = write_report(workspace)
    page = written.results / "stack" / "shop" / traced.pair.label / "order.md"
    text = unglued(page.read_text(encoding="utf-8"))
    assert "analysis and own code" in text
    assert "whose ranges do not overlap: analysis and own code (−3.00 s)." in text
    # Imports of base and head overlap, by construction.
    imports, in_a_minute = (line for line in text.splitlines() if line.startswith("| CLI imports"))
    assert imports.rstrip("| ").endswith("  overlap")
    # The command took 9.48 s and 6.49 s; 0.5 s and 9 times 0.5 s are around it.
    (total,) = (line for line in text.splitlines() if "the command and all of them" in line)
    assert [one.strip() for one in total.split("|")[2:4]] == ["14.5 s", "11.5 s"]
    assert [one.strip() for one in in_a_minute.split("|")[2:4]] == ["4.2 s", "5.4 s"]
    once, _ = (line for line in text.splitlines() if line.startswith("| container"))
    (often,) = (
        line for line in text.splitlines() if line.startswith("| service") and "9 times" in line
    )
    assert "500 ms" in once
    assert "4.50 s" in often
    assert "**all of them**" in text
    missing = "Around it, but not measured on this Python: till "
    assert f"{missing}(`.venv/bin/nox -s bench -- nowhere base..head --repo PATH`)." in text
    assert "| till" not in text
    assert "share of after" in text
    assert "These runs carry a recorder and were made apart from the rounds" in text
    assert page.with_name("order.svg").read_bytes().endswith(b"</svg>\n")
    assert "![shop order: wall time by layer: 9.48 s → 6.49 s; the largest layer after is" in text
    assert "3 traced runs a side, 2026-05-01, load of the machine not recorded. Network" in text
    index = written.index.read_text(encoding="utf-8")
    assert f"stack/shop/{traced.pair.label}/order.md" in index


def test_layers_around_have_no_table_where_none_was_measured(
    workspace: Workspace, traced: StackRecord
) -> None:
    elsewhere = replace(traced, python="3.9")
    save_account(elsewhere, workspace.data)
    text = (write_report(workspace).results / stack_file(elsewhere)).read_text(encoding="utf-8")
    (alone,) = (part for part in text.split("\n## ") if part.startswith("Python 3.9 "))
    assert "Layers around it" not in alone
    assert "not measured on this Python: container; service (" in alone


def test_a_public_target_stands_for_a_private_one(
    workspace: Workspace, traced: StackRecord
) -> None:
    away = replace(traced, machine=replace(traced.machine, name="box-z"))
    save_account(away, workspace.data)
    text = TARGET.replace('target = "nowhere"\nbenchmark = "ring"', STANDS_IN)
    (workspace.targets / "shop.toml").write_text(text, encoding="utf-8")
    page = (write_report(workspace).results / stack_file(away)).read_text(encoding="utf-8")
    here, there = sorted(
        (part for part in unglued(page).split("\n## ") if part.startswith("Python ")),
        key=lambda part: "box-z" in part.partition("\n")[0],
    )
    assert "work](../../../sample/1.0..2.0/README.md), stands for nowhere)" in here
    assert "stands for nowhere, another machine)" in there
    assert "sample stands for nowhere, whose repository is private" in here
    assert "were measured on box-a" in there
    assert "another machine" not in here
    assert "not measured" not in here


def test_the_pair_s_page_leads_to_it(workspace: Workspace, traced: StackRecord) -> None:
    save_account(replace(traced, target="sample", scenario="work"), workspace.data)
    written = write_report(workspace)
    (page,) = (written.results / "sample").rglob("README.md")
    label = traced.pair.label
    text = page.read_text(encoding="utf-8")
    assert f"- [work](../../stack/sample/{label}/work.md), a whole command" in text
    assert "whose ranges do not overlap: analysis and own code (−3.00 s)." in text


def test_a_revision_with_itself_has_its_page_where_links_lead(
    workspace: Workspace, traced: StackRecord
) -> None:
    alone = replace(traced, pair=replace(traced.pair, head=traced.pair.base))
    save_account(alone, workspace.data)
    assert (write_report(workspace).results / stack_file(alone)).is_file()


def test_made_twice_it_is_the_same(workspace: Workspace, traced: StackRecord) -> None:
    first = _content(write_report(workspace).results)
    assert _content(write_report(workspace).results) == first


def test_a_damaged_record_is_named_and_the_rest_written(
    workspace: Workspace, traced: StackRecord
) -> None:
    damaged = save_account(traced, workspace.data).with_name("order-later.json")
    damaged.write_text("{", encoding="utf-8")
    written = write_report(workspace)
    assert any("order-later.json" in str(one) for one in written.problems)
    assert list((written.results / "stack").rglob("order.md"))
    assert sum(isinstance(one, StackRecord) for one in read_accounts(workspace.data)) == 1


def test_around_is_a_key_of_a_target() -> None:
    assert [one.each for one in parse_target(TARGET).around] == ["run", "requests", "run"]


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*.*")
        if file.is_file()
    }
