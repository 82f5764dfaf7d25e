"""`bench accuracy`: what a commit deferred, predicted at its parent and run."""

from __future__ import annotations

import json
from pathlib import Path

from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox

_BEFORE = """\
import sys
import xml.dom.minidom
from decimal import Decimal


def main():
    if sys.argv[1:] != ["work"]:
        print(xml.dom.minidom, Decimal)
"""
_AFTER = """\
import sys
from decimal import Decimal


def main():
    if sys.argv[1:] != ["work"]:
        import xml.dom.minidom

        print(xml.dom.minidom, Decimal)
"""


def test_what_a_commit_deferred_is_predicted_and_run(tmp_path: Path, sandbox: Sandbox) -> None:
    repository = Repository.create(tmp_path / "deferring")
    files = sample_files("1.0.0", extra=False)
    repository.commit(files | {"sample/cli.py": _BEFORE}, "Before", tag="v1")
    repository.commit(files | {"sample/cli.py": _AFTER}, "Defer minidom", tag="v2")
    mine = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    commits = tmp_path / "commits.toml"
    url = f"file://{repository.path}"
    commits.write_text(
        f'[[history]]\ntarget = "sample"\nrepository = "{url}"\nclone = "its-clone"\n'
        '[history.commits]\nv2 = "work"\n',
        encoding="utf-8",
    )
    mine.bench("accuracy", commits, status=0)
    (file,) = (mine.workspace.data / "accuracy").rglob("*.json")
    held = json.loads(file.read_text(encoding="utf-8"))
    assert held["statements"] == held["deferrable"] == ["sample/cli.py:2"]
    own, best = held["commit_check"], held["best_check"]
    assert own["modules_predicted"] == own["modules_measured"] > 5
    assert best["modules_measured"] >= own["modules_measured"]
    page = (mine.workspace.results / "rank" / "accuracy.md").read_text(encoding="utf-8")
    assert "Defer minidom" in page
    assert f"sample, Python {PYTHON}" in page
    assert "2 predictions checked by making the change and running it: in 2, exactly the" in page
    if held["instructions"] is not None:
        # Predicted from times of a few milliseconds, perhaps on a busy machine.
        assert 0.1 < own["instructions_predicted"] / own["instructions"] < 10
        assert held["instructions"] > 0
    index = (mine.workspace.results / "all.md").read_text(encoding="utf-8")
    assert "rank/accuracy.md" in index


def test_a_file_that_says_nothing_sensible_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    commits = tmp_path / "commits.toml"
    commits.write_text('[[history]]\ntarget = 3\n', encoding="utf-8")  # fmt: skip
    assert "commits.toml" in sandbox.bench("accuracy", commits, status=2).stderr
    done = sandbox.bench("accuracy", tmp_path / "none.toml", status=2)
    assert "none.toml" in done.stderr


def test_a_pattern_that_matches_no_commit_is_named(sandbox: Sandbox) -> None:
    done = sandbox.bench("accuracy", "--commit", "nothing", status=2)
    assert "--commit nothing matches nothing" in done.stderr
