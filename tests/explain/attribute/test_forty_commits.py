"""The whole of `bench attribute` on forty commits whose steps are known: minutes of measuring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import forty_commits
from support.sandbox import PYTHON, Sandbox, target_text
from support.schemas import check_document

from bench.report.schema import attribution_schema

PATIENCE_S = 3600.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S)]


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    folder = tmp_path_factory.mktemp("forty")
    repository = forty_commits.make_forty_commits(folder / "repository")
    made = Sandbox(folder / "sandbox", folder / "cache", repository.path)
    made.write_target(target_text(*forty_commits.BENCHMARKS))
    return made


def attribute(sandbox: Sandbox, *words: str) -> dict[str, Any]:
    done = sandbox.bench(
        "attribute", "sample", "base..head", "--repo", sandbox.repository, "--python", PYTHON,
        "--json", *words, status=0, patience_s=PATIENCE_S,
    )  # fmt: skip
    document = json.loads(done.stdout)
    check_document(attribution_schema(), document)
    assert document["progress"] == "complete"
    assert isinstance(document, dict)
    return document


def told(document: dict[str, Any], benchmark: str) -> dict[str, Any]:
    (found,) = [one for one in document["contributions"] if one["benchmark"] == benchmark]
    assert isinstance(found, dict)
    return found


def subjects(document: dict[str, Any], one: dict[str, Any]) -> dict[str, float]:
    """The ratios of commits that are named, by subject; detours left out."""
    commits = {commit["commit"]: commit for commit in document["commits"] if not commit["detour"]}
    return {
        commits[part["commits"][0]]["subject"]: part["interval"]["ratio"]
        for part in one["parts"]
        if part["finding"] == "step" and part["commits"][0] in commits
    }


def numbers(document: dict[str, Any], one: dict[str, Any]) -> set[int]:
    return {int(subject.partition(":")[0]) for subject in subjects(document, one)}


def test_every_step_is_found_and_no_innocent_named(forty: Sandbox) -> None:
    document = attribute(forty)
    work, extra = told(document, "work"), told(document, "extra")
    found = numbers(document, work)
    assert found >= forty_commits.STEPS
    assert found <= forty_commits.STEPS | forty_commits.SMALL
    assert not numbers(document, extra)
    names = [commit["commit"] for commit in document["commits"]]
    assert names.index(extra["born"]["commit"]) + 1 == forty_commits.BORN
    assert names.index(extra["died"]["commit"]) + 1 == forty_commits.DIED
    # What is read after the next commit is what it was before this one, which does not build.
    assert not work["left_out"]
    assert forty_commits.UNBUILT in {names.index(one) + 1 for one in work["proved"]}
    assert work["agrees"]
    assert work["work"]["share"] < 1
    authors = {tuple(one["keys"]): one["interval"]["ratio"] for one in work["by_author"]}
    assert authors["Ada",] == pytest.approx(1.0, abs=0.02)
    paths = {path for one in work["by_path"] for path in one["keys"]}
    assert {"sample/first.py", "sample/second.py"} <= paths


def test_merges_are_opened(forty: Sandbox, tmp_path: Path) -> None:
    apart = Sandbox(tmp_path, forty.cache, forty.repository)
    apart.write_target(target_text(forty_commits.BENCHMARKS[0]))
    document = attribute(
        apart, "--into", forty_commits.MERGE, "--into", forty_commits.CANCELS, "--no-report"
    )
    work = told(document, "work")
    found = subjects(document, work)
    assert found.keys() >= {"cyd: change second", "updown: change first", "updown: take it back"}
    assert work["agrees"]
    # 13 was made on the line while the branch was written: it is counted once.
    assert found["cyd: change second"] == pytest.approx(1.022, abs=0.02)
