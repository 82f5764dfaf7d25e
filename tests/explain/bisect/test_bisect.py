"""`bench bisect` from a range to a page: the commit that did it, and what was stepped around."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import IMPORT, PYTHON, WORK, Sandbox, target_text

from bench.core.errors import ExitStatus
from bench.report.schema import bisection_schema


@pytest.fixture
def history(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    """A range with a step of 5 times, a build that breaks, and commits that cannot matter.

    base ── notes ── constant ── broken build ── slower ── another constant (head)
    """
    repository = Repository.create(tmp_path / "history")
    files = sample_files("1.0.0", extra=False)
    repository.commit(files, "Base", tag="base")
    files = files | {"NOTES.md": "Nothing that runs.\n"}
    repository.commit(files, "Add notes")
    files = files | {"sample/__init__.py": "ONE = 1\n"}
    repository.commit(files, "Add a constant", tag="constant")
    broken = sample_files("1.0.0", extra=False, build="breaks")["pyproject.toml"]
    repository.commit(files | {"pyproject.toml": broken}, "Break the build")
    files = files | {"sample/behaviour.py": 'UNITS = 5\nHOW = ""\n'}
    repository.commit(files, "Work more", tag="slower")
    files = files | {"sample/__init__.py": "TWO = 2\n"}
    repository.commit(files, "Change a constant", tag="head")
    one = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    one.write_target(target_text(WORK, IMPORT))
    return one


def bisect(
    sandbox: Sandbox, wanted: str, *words: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    return sandbox.bench(
        "bisect", "sample", wanted, "--repo", sandbox.repository, "--python", PYTHON,
        "--benchmark", "work", *words,
        status=status,
    )  # fmt: skip


def document(told: str) -> dict[str, Any]:
    """The JSON, which is as the schema has it."""
    found: dict[str, Any] = json.loads(told)
    jsonschema.Draft202012Validator(bisection_schema()).validate(found)
    return found


def test_from_a_range_to_the_commits_that_did_it(history: Sandbox) -> None:
    words = ("--json", "--no-report", "--budget", "0.01")
    begun = document(bisect(history, "base..head", *words).stdout)
    assert (begun["progress"], begun["ending"]) == ("budget used up", "not measured")
    found = document(bisect(history, "base..head", "--json").stdout)
    assert (found["progress"], found["ending"]) == ("complete", "named")
    git = Repository(Path(history.repository)).git
    subjects = [git("log", "-1", "--format=%s", commit) for commit in found["commits"]]
    # The build that breaks lies between two that work.
    assert subjects == ["Break the build", "Work more"]
    assert found["step"]["ratio"] > 1.3
    assert found["probability"] >= 0.95
    assert len(found["stepped_around"]) == 1
    assert list(found["proved"].values()) == ["changes nothing that is read"]
    page = next((history.workspace.results / "bisect" / "sample").glob("*.md"))
    text = page.read_text(encoding="utf-8")
    assert "Work more" in text
    assert "They cannot be told apart" in text
    index = (history.workspace.results / "all.md").read_text(encoding="utf-8")
    assert f"]({page.stem}.svg)" in text
    assert page.with_suffix(".svg").is_file()
    assert f"bisect/sample/{page.name}" in index
    again = bisect(history, "base..head", "--no-report")
    assert "Work more" in again.stdout
    assert "building" not in again.stderr


@pytest.mark.slow
def test_without_proof_what_does_not_build_is_met_on_the_way(history: Sandbox) -> None:
    words = ("--json", "--no-report", "--no-proof", "--slower")
    found = document(bisect(history, "constant..slower", *words).stdout)
    assert found["ending"] == "named"
    assert len(found["commits"]) == 2
    assert not found["proved"]


def test_ends_that_do_not_differ_enough(history: Sandbox) -> None:
    words = ("--no-report", "--no-proof", "--least", "90%")
    done = bisect(history, "base..constant", *words, status=ExitStatus.NOTHING_FOUND)
    assert "the ends do not differ" in done.stdout


@pytest.mark.parametrize(
    ("wanted", "words", "said"),
    [
        ("head..base", (), "no ancestor"),
        ("base..base", (), "one revision"),
        ("base..head", ("--benchmark", "nothing"), "matches nothing"),
        ("base..head", ("--benchmark", "*"), "is of one"),
        ("base..head", ("--slower", "--faster"), "not allowed with"),
    ],
)
def test_bad_input(history: Sandbox, wanted: str, words: tuple[str, ...], said: str) -> None:
    done = bisect(history, wanted, *words, status=ExitStatus.USAGE)
    assert said in done.stderr
