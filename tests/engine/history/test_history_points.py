"""Which revisions of a range become points of a series."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from support.index import PackageServer
from support.sample_project import Repository
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.series import Points, Selection
from bench.core.target import parse_target
from bench.engine.history.order import bisecting
from bench.engine.revisions.history import find_points
from bench.engine.revisions.resolve import resolve_range

TAGS = Selection()


def find(
    sandbox: Sandbox, text: str, selection: Selection, repo: Path | None, *, released: bool = False
) -> Points:
    target = parse_target(target_text(released=released))
    pair = resolve_range(target, text, sandbox.workspace, repo)
    return find_points(target, pair, selection, sandbox.workspace, repo)


def names(points: Points) -> list[str]:
    return [one.name for one in points.points]


def subjects(points: Points) -> list[str]:
    return [one.subject for one in points.points]


# range, every → subjects
EVERY = {
    ("v1.0.0..v1.2.0", 1): ["Comment", "Much slower", "Without extra"],
    ("v1.0.0..v1.2.0", 2): ["Much slower", "Without extra"],
    ("v1.0.0..v1.2.0", 3): ["Without extra"],
    ("v1.0.0..v1.2.0", 99): ["Without extra"],
    ("main...feature", 1): ["Feature, first half", "Feature, second half"],
    ("feature", 1): ["Feature, second half"],
}


@pytest.mark.parametrize(("text", "every"), EVERY)
def test_every_nth_commit_and_the_last(
    sandbox: Sandbox, repository: Path, text: str, every: int
) -> None:
    points = find(sandbox, text, Selection(every), repository)
    assert subjects(points) == EVERY[text, every]
    assert points.label.endswith(f"-every-{every}")


def test_tags_between(sandbox: Sandbox, repository: Path) -> None:
    points = find(sandbox, "v1.0.0..main", TAGS, repository)
    assert names(points) == ["v1.0.1", "v1.1.0", "v1.2.0", "main"]
    assert points.anchor.name == "v1.0.0"
    assert points.between == 3


@pytest.fixture
def merged(tmp_path: Path) -> Repository:
    """v1.0 ── v1.1rc1 ── v1.2 ── merge (main); v1.10, v1.1.dev0 and `later` on a merged branch."""
    made = Repository.create(tmp_path / "merged")
    made.commit({"a": "1"}, "First", tag="v1.0")
    made.branch("side", "v1.0")
    made.commit({"a": "2"}, "On the side", tag="v1.10")
    made.git("tag", "v1.1.dev0")
    made.git("tag", "later")
    made.git("checkout", "--quiet", "main")
    made.commit({"a": "3"}, "Candidate", tag="v1.1rc1")
    made.git("tag", "--annotate", "v1.2", "--message", "x")
    made.commit({"a": "4"}, "More", tag="nightly")
    made.git("merge", "--quiet", "--strategy", "ours", "--no-edit", "side")
    return made


def test_tags_are_final_versions_by_version_also_from_merged_branches(
    sandbox: Sandbox, merged: Repository
) -> None:
    assert names(find(sandbox, "v1.0..main", TAGS, merged.path)) == ["v1.2", "v1.10", "main"]
    assert names(find(sandbox, "v1.0..v1.10", Selection(1), merged.path)) == ["v1.10"]


def test_commits_follow_first_parents(sandbox: Sandbox, merged: Repository) -> None:
    points = find(sandbox, "v1.0..main", Selection(1), merged.path)
    assert subjects(points)[:2] == ["Candidate", "More"]
    assert len(points.points) == 3


def test_anchor_beside_the_first_parent_line(sandbox: Sandbox, merged: Repository) -> None:
    with pytest.raises(UsageError, match="was merged into the history of main") as caught:
        find(sandbox, "v1.10..main", Selection(1), merged.path)
    assert caught.value.hint == f"Write {merged.git('rev-parse', 'v1.0')[:10]}..main."


# range, every (0: --tags) → what is said
MISTAKES = {
    ("v1.1.0..v1.0.0", 1): "v1.1.0 is no ancestor of v1.0.0",
    ("v1.1.0..feature", 1): "v1.1.0 is no ancestor of feature",
    ("v1.0.0..v1.0.0", 1): "is one revision",
    ("v1.0.0..v1.0.1", 0): "There is no tag of a final version between",
}


@pytest.mark.parametrize(("text", "every"), MISTAKES)
def test_no_history(sandbox: Sandbox, repository: Path, text: str, every: int) -> None:
    with pytest.raises(UsageError, match=MISTAKES[text, every]):
        find(sandbox, text, Selection(every), repository)


@pytest.fixture
def index(package_server: PackageServer, monkeypatch: pytest.MonkeyPatch) -> PackageServer:
    for version in ("1.0", "1.1", "1.2rc1", "1.2", "1.10", "2.0rc1", "3.0"):
        package_server.add("sample-project", version, {}, yanked=version == "1.1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", package_server.url + "/simple/")
    return package_server


@pytest.mark.usefixtures("index")
def test_releases_between(own_cache: Sandbox) -> None:
    points = find(own_cache, "1.0..2.0rc1", TAGS, None, released=True)
    assert names(points) == ["1.2", "1.10", "2.0rc1"]
    assert points.label == "1.0..2.0rc1-tags"


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("text", "every", "message"),
    [
        ("1.0..3.0", 2, "--every counts commits, and 1.0..3.0 are releases"),
        ("3.0..1.0", 0, "1.0 is older than 3.0"),
        ("1.10..2.0rc1", 0, "There is no release between"),
    ],
)
def test_no_releases_between(own_cache: Sandbox, text: str, every: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find(own_cache, text, Selection(every), None, released=True)


@pytest.mark.usefixtures("index")
def test_from_a_release_to_a_commit_is_no_history(own_cache: Sandbox) -> None:
    target = parse_target(target_text(released=True, clone=own_cache.repository.as_uri()))
    pair = resolve_range(target, "1.0..feature", own_cache.workspace)
    with pytest.raises(UsageError, match="goes from a release to a commit"):
        find_points(target, pair, TAGS, own_cache.workspace)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 40])
def test_points_are_measured_from_the_ends_inwards(count: int) -> None:
    order = bisecting(count)
    assert sorted(order) == list(range(count))
    for taken in range(1, count):
        known = sorted([-1, *order[:taken]])
        assert known[-1] == count - 1
        gaps = [b - a for a, b in itertools.pairwise(known)]
        assert max(gaps) <= 2 * min(gaps) + 2
