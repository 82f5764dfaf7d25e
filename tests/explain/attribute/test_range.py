"""The commits of a range, with merges opened where they lie on the line."""

from __future__ import annotations

import pytest
from support.sample_project import Repository

from bench.core.errors import UsageError
from bench.core.revision import Pair, Revision, Source
from bench.engine.revisions.git import Clone
from bench.explain.attribute.range import ChangedPath, as_commits, commits_of


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A line with merges: of a branch that began where it was merged, of one that began before, of
    one that the line was merged into, and of one that has another beginning.

    1.0 ── a ── merge ── b ── late ── c ── kept ── stranger (main)
           ├─ x ─┘       │     ├──────│──┐  │        │
           └───── y ─────┘     └─ k1 ─┴──k2─┘     z ─┘
    """
    made = Repository.create(tmp_path_factory.mktemp("range") / "clone")
    made.commit({"f": "0"}, "base", tag="v1.0")
    a = made.commit({"f": "0", "a": "1"}, "a")
    made.branch("side", a)
    made.commit({"f": "0", "a": "1", "x": "1"}, "x")
    made.branch("other", a)
    made.commit({"f": "0", "a": "1", "y": "1"}, "y")
    made.git("checkout", "--quiet", "main")
    made.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    made.git("tag", "merge")
    made.commit({"f": "1", "a": "1", "x": "1"}, "b")
    made.git("merge", "--quiet", "--no-ff", "-m", "late", "other")
    made.git("tag", "late")
    made.branch("keeps-up", "late")
    kept = {"f": "1", "a": "1", "x": "1", "y": "1", "k": "1"}
    made.commit(kept, "k1")
    made.git("checkout", "--quiet", "main")
    made.commit({"f": "2", "a": "1", "x": "1", "y": "1"}, "c")
    made.git("checkout", "--quiet", "keeps-up")
    made.git("merge", "--quiet", "--no-ff", "-m", "keep up", "main")
    made.commit(kept | {"f": "2", "k": "2"}, "k2")
    made.git("checkout", "--quiet", "main")
    made.commit(kept | {"f": "3"}, "d")
    made.git("merge", "--quiet", "--no-ff", "-X", "theirs", "-m", "kept", "keeps-up")
    made.git("tag", "kept")
    made.git("checkout", "--quiet", "--orphan", "elsewhere")
    made.commit({"z": "1"}, "z")
    made.git("checkout", "--quiet", "main")
    made.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "stranger", "elsewhere")
    return Clone(made.path)


def pair(clone: Clone, base: str, head: str) -> Pair:
    ends = [clone.revision(name, clone.find(name) or "") for name in (base, head)]
    return Pair(ends[0], ends[1], "a test")


def subjects(clone: Clone, *opened: str) -> list[str]:
    return [one.revision.subject for one in commits_of(clone, pair(clone, "v1.0", "late"), opened)]


def test_along_first_parents(clone: Clone) -> None:
    assert subjects(clone) == ["a", "merge", "b", "late"]
    found = commits_of(clone, pair(clone, "v1.0", "late"))
    assert [one.merge for one in found] == [False, True, False, True]
    assert found[0].changed == (ChangedPath("a", stays=False),)
    assert found[1].changed == (ChangedPath("x", stays=False),)
    assert found[2].changed == (ChangedPath("f"),)
    assert found[0].author == "tests"


def test_a_merge_that_lies_on_the_line_is_opened(clone: Clone) -> None:
    assert subjects(clone, "merge") == ["a", "x", "merge", "b", "late"]
    opened = commits_of(clone, pair(clone, "v1.0", "late"), ["merge"])
    assert opened[2].changed == ()  # all of it came with x
    assert not any(one.detour for one in opened)


def test_a_branch_that_began_before_is_gone_back_to(clone: Clone) -> None:
    assert subjects(clone, "late") == ["a", "merge", "b", "a", "y", "late"]
    found = commits_of(clone, pair(clone, "v1.0", "late"), ["late"])
    back, y, late = found[3:]
    assert back.detour.startswith("back to where the branch of")
    assert {one.path for one in back.changed} == {"f", "x"}
    assert (y.detour, y.changed) == ("", (ChangedPath("y", stays=False),))
    assert late.detour
    assert {one.path for one in late.changed} == {"f", "x"}
    assert subjects(clone, "merge", "late") == ["a", "x", "merge", "b", "a", "y", "late"]


def test_a_branch_that_the_line_was_merged_into(clone: Clone) -> None:
    found = commits_of(clone, pair(clone, "late", "kept"), ["kept"])
    assert [one.revision.subject for one in found] == [
        "c", "d", "late", "k1", "keep up", "k2", "kept",
    ]  # fmt: skip
    assert [bool(one.detour) for one in found] == [False, False, True, False, True, False, True]
    assert [one.path for one in found[4].changed] == ["f"]


@pytest.mark.parametrize(
    ("opened", "said"),
    [("late~1", "is no merge"), ("side", "no such commit"), ("main", "has no beginning")],
)
def test_other_merges_are_refused(clone: Clone, opened: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        commits_of(clone, pair(clone, "v1.0", "main"), [opened])


def test_ends_that_are_no_line(clone: Clone) -> None:
    for base, head, said in (
        ("main", "v1.0", "no ancestor"),
        ("other", "side", "no ancestor"),
        ("side", "main", "was merged into"),
        ("main", "main", "one revision"),
    ):
        with pytest.raises(UsageError, match=said):
            commits_of(clone, pair(clone, base, head))


def test_a_release_is_the_commit_of_its_tag(clone: Clone) -> None:
    release = Revision(source=Source.PYPI, name="1.0", identity="1.0", date="2026-01-01")
    missing = Revision(source=Source.PYPI, name="9.9", identity="9.9", date="2026-01-01")
    found = as_commits(clone, Pair(release, missing, "a test"))
    assert found.base.identity == clone.find("v1.0")
    assert found.head == missing
    with pytest.raises(UsageError, match="is not a range of commits"):
        commits_of(clone, found)
