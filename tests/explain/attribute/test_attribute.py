"""`bench attribute` from a range to a page: the commits that did it, and the proof for others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox, target_text
from support.schemas import check_document

from bench.core.errors import ExitStatus
from bench.report.schema import attribution_schema

PATIENCE_S = 1200.0  # on a busy machine counting instructions takes long


@pytest.fixture
def history(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    """A range with large steps, and commits that cannot matter.

    base ── notes ── slower ── unused module ── comment (middle) ── faster (head)
    """
    repository = Repository.create(tmp_path / "history")
    files = sample_files("1.0.0", extra=False)
    repository.commit(files, "Base", tag="base")
    files = files | {"NOTES.md": "Nothing that runs.\n"}
    repository.commit(files, "Add notes")
    files = files | {"sample/behaviour.py": _behaviour(5)}
    repository.commit(files, "Work more", tag="slower")
    files = files | {"sample/unused.py": "VALUE = 1\n"}
    repository.commit(files, "Add a module that nothing imports")
    files = files | {"sample/cli.py": f"{files['sample/cli.py']}\n# The end.\n"}
    repository.commit(files, "Add a comment", tag="middle")
    files = files | {"sample/behaviour.py": _behaviour(2)}
    repository.commit(files, "Work less", tag="head")
    one = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    one.write_target(target_text())
    return one


def _behaviour(units: int) -> str:
    return f'UNITS = {units}\nHOW = ""\n'


def attribute(
    sandbox: Sandbox, wanted: str, *words: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    return sandbox.bench(
        "attribute", "sample", wanted, "--repo", sandbox.repository, "--python", PYTHON, *words,
        status=status, patience_s=PATIENCE_S,
    )  # fmt: skip


def contributions(told: str) -> tuple[dict[int, str], list[tuple[int, str, float]], str]:
    """Of the JSON: proofs and parts by the commits' numbers, and how far it is."""
    document = json.loads(told)
    (one,) = document["contributions"]
    numbers = {commit["commit"]: n for n, commit in enumerate(document["commits"], 1)}
    proved = {numbers[commit]: proof for commit, proof in one["proved"].items()}
    parts = [
        (numbers[part["commits"][0]], part["finding"], part["interval"]["ratio"])
        for part in one["parts"]
    ]
    return proved, parts, document["progress"]


PROVED = {
    1: "changes nothing that is read",
    3: "changes nothing that is read",
    4: "what is read has the same content",
}


def test_from_a_range_to_the_commit_that_did_it(history: Sandbox) -> None:
    done = attribute(history, "base..middle", "--json")
    proved, ((number, finding, ratio),), progress = contributions(done.stdout)
    assert proved == PROVED
    assert (number, finding, progress) == (2, "step", "complete")
    assert ratio > 1.3
    page = next((history.workspace.results / "attribute" / "sample").glob("*.md"))
    text = page.read_text(encoding="utf-8")
    assert "Work more" in text
    assert "3 commits proved to contribute nothing" in text
    assert list(page.parent.glob("*.svg"))
    index = (history.workspace.results / "all.md").read_text(encoding="utf-8")
    assert f"attribute/sample/{page.name}" in index
    again = attribute(history, "base..middle", "--no-report")
    assert "measuring" not in again.stderr
    assert "Work more" in again.stdout


def test_what_a_script_reads_is_known_too(history: Sandbox) -> None:
    script = history.workspace.suites / "bm_busy" / "run_benchmark.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        "import pyperf\nfrom sample.behaviour import UNITS\nrunner = pyperf.Runner()\n"
        "runner.bench_func('busy', sum, range(UNITS * 20_000))\n",
        encoding="utf-8",
    )
    busy = 'name = "busy"\nscript = "busy"\nneeds = ["sample.behaviour"]'
    other = 'name = "tests"\npytest = "tests"'
    history.write_target(target_text(busy, other))
    done = attribute(history, "base..middle", "--json", "--no-report")
    proved, ((number, finding, ratio),), progress = contributions(done.stdout)
    assert proved == dict.fromkeys((1, 3, 4), "changes nothing that is read")
    assert (number, finding, progress) == (2, "step", "complete")
    assert ratio > 2.0
    assert "left out, since it is not known what they read: tests" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE_S)
def test_from_a_range_to_the_commits_that_did_it(history: Sandbox) -> None:
    begun = attribute(history, "base..head", "--json", "--no-report", "--budget", "0.1")
    assert json.loads(begun.stdout)["progress"] == "budget used up"
    done = attribute(history, "base..head", "--json")
    proved, parts, progress = contributions(done.stdout)
    assert proved == PROVED
    assert [(number, finding) for number, finding, _ in parts] == [(2, "step"), (5, "step")]
    assert parts[0][2] > 1.3
    assert parts[1][2] < 0.8
    assert progress == "complete"


def test_a_range_in_which_nothing_matters_is_proved_without_measuring(history: Sandbox) -> None:
    done = attribute(history, "slower..head~1", "--no-report")
    assert "no commit of the range can matter" in done.stdout
    assert "measuring" not in done.stderr


def with_commits(sandbox: Sandbox, folder: Path, *commits: dict[str, str]) -> Sandbox:
    """A repository of these commits, the first tagged `base` and the last `head`."""
    repository = Repository.create(folder)
    for number, files in enumerate(commits):
        repository.commit(files, f"Commit {number}", tag="base" if not number else "")
    repository.git("tag", "head")
    one = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    one.write_target(target_text())
    return one


def test_a_benchmark_that_is_born_and_dies(sandbox: Sandbox, tmp_path: Path) -> None:
    fails, works = sample_files("1.0.0", how="fails"), sample_files("1.0.0")
    made = with_commits(
        sandbox, tmp_path / "lives",
        fails, fails | {"A.md": ""}, works, works | {"B.md": ""}, fails | {"C.md": ""},
    )  # fmt: skip
    done = attribute(made, "base..head", "--json", "--by", "path")
    document = json.loads(done.stdout)
    check_document(attribution_schema(), document)
    (one,) = document["contributions"]
    commits = [commit["commit"] for commit in document["commits"]]
    assert commits.index(one["born"]["commit"]) + 1 == 2
    assert commits.index(one["died"]["commit"]) + 1 == 4
    assert "cannot work today" in one["born"]["reason"]
    assert [commits.index(commit) + 1 for commit in one["proved"]] == [3]
    assert not one["parts"]
    page = next((made.workspace.results / "attribute" / "sample").glob("*.md"))
    assert "The benchmark was born at" in page.read_text(encoding="utf-8")
    beside = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert "bench report" in beside.pop("made")
    assert beside == document
    assert "measuring" not in done.stderr


def test_nothing_can_be_installed(sandbox: Sandbox, tmp_path: Path) -> None:
    broken = sample_files("1.0.0", build="breaks")
    made = with_commits(sandbox, tmp_path / "broken", broken, broken | {"A.md": ""})
    for _again in range(2):  # it is tried again, as the machine may have been mended
        done = attribute(made, "base..head", status=ExitStatus.BUILD_FAILED)
        said = done.stderr.strip().splitlines()
        assert "No commit of the range that was tried can be installed" in done.stderr
        reason = "cannot be installed: Call to `tiny_backend.build_wheel` failed (exit status: 1)"
        assert sum(f"stepped around: {reason}" in line for line in said) == 2
        assert done.stderr.count("it cannot be installed: Call to") == 1


def test_nothing_works(sandbox: Sandbox, tmp_path: Path) -> None:
    fails = sample_files("1.0.0", how="fails")
    made = with_commits(sandbox, tmp_path / "fails", fails, fails | {"A.md": ""})
    done = attribute(made, "base..head", status=ExitStatus.NOTHING_MEASURED)
    assert "No scenario works anywhere in the range" in done.stderr


def test_a_shallow_history(history: Sandbox, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    for words in (
        ("clone", "-q", "--depth=2", history.repository.as_uri(), str(clone)),
        ("-C", str(clone), "fetch", "-q", "--depth=1", "origin", "refs/tags/base:refs/tags/base"),
    ):
        subprocess.run(["git", *words], check=True)
    done = history.bench(
        "attribute", "sample", "base..HEAD", "--repo", clone, "--python", PYTHON,
        status=ExitStatus.USAGE,
    )  # fmt: skip
    assert "base is no ancestor of HEAD" in done.stderr
    assert "fetch --unshallow" in done.stderr


@pytest.mark.parametrize(
    ("wanted", "words", "said"),
    [
        ("head..base", (), "base..head"),
        ("base..base", (), "one revision"),
        ("base..head", ("--benchmark", "nothing"), "matches nothing"),
        ("base..head", ("--into", "slower"), "is no merge"),
        ("base..head", ("--into", "base"), "no such commit"),
        ("base..nothing", (), "nothing"),
    ],
)
def test_bad_input(history: Sandbox, wanted: str, words: tuple[str, ...], said: str) -> None:
    done = attribute(history, wanted, *words, status=ExitStatus.USAGE)
    assert said in done.stderr
