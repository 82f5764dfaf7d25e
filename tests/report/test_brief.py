"""A pair in a few lines, for a comment; and the same for scripts, as the schema has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.sandbox import Sandbox
from support.synthetic_runs import Made, RunPlan, command, control, write_run

from bench.cli.main import main
from bench.core.gate import Ending, Gate, SuiteRun
from bench.core.workspace import Workspace
from bench.report.pair.brief import MOST_LINES
from bench.report.schema import SCHEMAS, results_schema, written

ROOT = Path(__file__).parents[2]
MANY = (
    control(),
    *(command(f"quick-{number}", ratio=0.5 + number / 100, rounds=20) for number in range(8)),
    command("worse", ratio=1.3, rounds=20),
    command("same", rounds=40, noise=0.001),
    Made(command("gone").benchmark, why_not="exit status 1", is_broken=True),
)


@pytest.fixture
def said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """What `summary` prints of runs that are made as told."""
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BENCH_DATA", str(workspace.data))
    monkeypatch.setenv("BENCH_RESULTS", str(workspace.results))

    def summary(*plans: RunPlan, words: tuple[str, ...] = (), status: int = 0) -> str:
        for plan in plans:
            write_run(workspace, plan)
        assert main(["summary", *words]) == status
        return capsys.readouterr().out

    return summary


def test_the_worst_stands_first_and_all_of_it_in_twelve_lines(said: Any) -> None:
    text = said(RunPlan(MANY))
    lines = text.splitlines()
    assert len(lines) == MOST_LINES
    assert lines[0].startswith(
        "**sample 1.0 → 2.0:** 🔴 **1 of 11 benchmarks broken**, **1 slower** (1.30x), "
        "8 faster (1.7"
    )
    assert lines[0].endswith(", 1 same.")
    rows = [line.split("|")[1].strip() for line in lines[4:10]]
    assert rows == ["`gone`", "`worse`", "`quick-0`", "`quick-1`", "`quick-2`", "and 5 more"]
    assert "5 faster |" in lines[9]
    assert "`same`" not in text
    assert lines[11].startswith("Geometric mean of 10 benchmarks: ")
    assert "Python 3.13.0 on box-a · other processes used 1% of the machine" in lines[11]


def test_nothing_changed(said: Any) -> None:
    text = said(RunPlan((control(), command("same", rounds=40, noise=0.001))))
    first, _, last = text.splitlines()
    assert first == "**sample 1.0 → 2.0:** nothing changed: 1 of 1 benchmark same."
    assert last.startswith("Python 3.13.0 on box-a")


def test_each_python_has_a_column(said: Any) -> None:
    made = (control(), command("a", ratio=0.5, rounds=20))
    text = said(RunPlan(made), RunPlan((control(), command("a", rounds=40)), python="3.12"))
    head, _, row = text.splitlines()[2:5]
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "benchmark", "3.12", "3.13", "verdict",
    ]  # fmt: skip
    assert "3.12: same, within ±2%, 3.13: faster" in row


def test_tests_that_fail_go_before_the_counts(said: Any) -> None:
    run = SuiteRun(ending=Ending.RESULTS, source="git", environment="e", duration_s=1.0, passed=3)
    gate = Gate(command=("pytest",), base=run, head=run, newly_failing=("test_x",))
    first = said(RunPlan(gate=gate)).splitlines()[0]
    assert "fail" in first.partition("benchmarks")[0]


def test_the_last_pair_unless_another_is_asked_for(said: Any) -> None:
    newer = RunPlan(head="3.0", run_id="20261124T064157Z-0001")
    assert "1.0 → 3.0" in said(RunPlan(), newer)
    assert "1.0 → 2.0" in said(words=("sample", "1.0..2.0"))
    assert "1.0 → 2.0" in said(words=("sample", "2.0"))
    assert said(words=("sample", "4.0"), status=4) == ""


def test_a_link(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(RunPlan()).splitlines()[-1].endswith("of the machine")
    address = "https://example.org/1"
    assert f"· [everything]({address})" in said(words=("--link", address))
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://example.org")
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    assert said().splitlines()[-1].endswith("[everything](https://example.org/a/b/actions/runs/7)")


def check(documents: Any) -> None:
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(documents)
    for document in documents:
        assert list(document) == list(schema["items"]["properties"])  # nothing is undeclared
        for one in document["benchmarks"]:
            assert set(one) == set(schema["$defs"]["Result"]["properties"])


def test_json_is_as_the_schema_has_it(said: Any) -> None:
    run = SuiteRun(ending=Ending.RESULTS, source="git", environment="e", duration_s=1.0, passed=3)
    plan = RunPlan(MANY, gate=Gate(command=("pytest",), base=run, head=run), complete=False)
    documents = json.loads(said(plan, words=("--format", "json")))
    assert len(documents) == 1
    check(documents)


def test_a_run_prints_the_same_json(sandbox: Sandbox) -> None:
    document = sandbox.results("v1.0.0..v1.1.0")
    check([document])
    again = sandbox.bench("summary", "sample", "v1.1.0", "--format", "json", status=0)
    assert json.loads(again.stdout) == [document]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_what_the_types_say(name: str) -> None:
    file = ROOT / "docs" / name
    make = f'from bench.report.schema import written; print(written("{name}"), end="")'
    assert file.read_text(encoding="utf-8") == written(name), (
        f"make it again: .venv/bin/python -c '{make}' > {file.relative_to(ROOT)}"
    )
