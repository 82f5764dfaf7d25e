"""Which commits can matter, by what is read: the walk along a range with its reads played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.core.revision import Revision, Source
from bench.explain.attribute.life import Life
from bench.explain.attribute.range import ChangedPath, RangeCommit, changed_paths
from bench.explain.attribute.reach import (
    ANYWHERE,
    NoEffectProof,
    Reads,
    built_ahead,
    find_candidates,
)

READS = Reads(
    files=frozenset({"pkg/cli.py", "pkg/data.json"}),
    digest="one",
    asked=frozenset({"pkg", "pkg.cli", "pkg.fast", "pkg.more"}),
    listed=frozenset({"pkg/plugins"}),
)


def commit(*changed: str | ChangedPath) -> RangeCommit:
    """A commit that changes paths; a text is one that stays."""
    paths = (one if isinstance(one, ChangedPath) else ChangedPath(one) for one in changed)
    revision = Revision(source=Source.GIT, name="x", identity="0" * 40, date="2026-01-01")
    return RangeCommit(revision=revision, author="tests", changed=tuple(paths))


def new(path: str) -> ChangedPath:
    return ChangedPath(path, stays=False)


@pytest.mark.parametrize(
    ("change", "touches"),
    [
        ("pkg/cli.py", True),
        ("pkg/data.json", True),
        ("pkg/other.py", False),
        ("tests/test_cli.py", False),
        ("README.md", False),
        ("pyproject.toml", True),
        ("uv.lock", True),
        ("pkg/_speed.c", True),
        (new("pkg/fast.py"), True),  # asked for, and not found so far
        (new("pkg/more/__init__.py"), True),
        (new("pkg/slow.py"), False),
        (new("pkg/plugins/new.toml"), True),
        ("pkg/plugins/old.toml", False),
        (new("pkg/fast.txt"), False),
    ],
)
def test_what_touches_the_reads(change: str | ChangedPath, touches: bool) -> None:  # noqa: FBT001
    assert READS.touched_by(commit(change)) is touches


def test_a_readme_matters_where_the_metadata_that_hold_it_are_read() -> None:
    reads = replace(READS, built=frozenset({"site-packages/pkg-*.dist-info/METADATA"}))
    assert reads.touched_by(commit("README.md"))


def test_nothing_is_proved_where_a_process_told_nothing() -> None:
    assert replace(READS, blind=True).touched_by(commit("LICENSE"))


def test_a_folder_that_is_not_known_may_be_any() -> None:
    reads = replace(READS, listed=frozenset({ANYWHERE}))
    assert reads.touched_by(commit(new("docs/page.md")))
    assert not reads.touched_by(commit("docs/page.md"))


class Played:
    """Reads by index; others are those of the state before."""

    def __init__(self, reads: Mapping[int, Reads | None]) -> None:
        self.reads = reads
        self.asked: list[int] = []

    def __call__(self, index: int) -> Reads | None:
        self.asked.append(index)
        return self.reads[max(one for one in self.reads if one <= index)]


def test_only_what_touches_is_built() -> None:
    commits = [commit("docs/a.md"), commit("pkg/cli.py"), commit("tests/t.py"), commit("LICENSE")]
    played = Played({0: READS, 2: replace(READS, digest="two")})
    found = find_candidates(commits, played)
    assert [one.index for one in found.states] == [0, 2]
    assert found.steps == ((2,),)
    assert found.proved == dict.fromkeys((1, 3, 4), NoEffectProof.NOT_READ)
    assert played.asked == [0, 2, 4]


def test_the_same_content_is_proof_too() -> None:
    found = find_candidates([commit("pkg/cli.py"), commit("uv.lock")], Played({0: READS}))
    assert found.steps == ()
    assert found.proved == dict.fromkeys((1, 2), NoEffectProof.SAME_CONTENT)


def test_what_is_read_on_the_way_counts_though_neither_end_reads_it() -> None:
    more = replace(READS, files=READS.files | {"pkg/heavy.py"}, digest="two")
    commits = [commit("pkg/cli.py"), commit("pkg/heavy.py"), commit("pkg/cli.py")]
    played = Played({0: READS, 1: more, 2: replace(more, digest="three"), 3: READS})
    assert find_candidates(commits, played).steps == ((1,), (2,), (3,))


def test_what_does_not_work_is_stepped_around() -> None:
    commits = [commit("pkg/cli.py"), commit("docs/a.md"), commit("tests/t.py")]
    found = find_candidates(commits, Played({0: READS, 1: None, 2: replace(READS, digest="two")}))
    assert found.steps == ((1, 2),)
    assert found.left_out == (1,)
    assert found.proved == {3: NoEffectProof.NOT_READ}


def test_what_breaks_and_is_mended_again_contributes_nothing() -> None:
    commits = [commit("pkg/cli.py"), commit("pkg/cli.py")]
    found = find_candidates(commits, Played({0: READS, 1: None, 2: READS}))
    assert found.steps == ()
    assert found.proved == dict.fromkeys((1, 2), NoEffectProof.SAME_CONTENT)


def test_a_head_that_contradicts_the_proofs_is_one_more_step() -> None:
    commits = [commit("docs/a.md"), commit("docs/b.md")]
    found = find_candidates(commits, Played({0: READS, 2: replace(READS, digest="two")}))
    assert found.steps == ((1, 2),)
    assert not found.proved


def test_what_is_built_ahead() -> None:
    commits = [commit("pkg/cli.py"), commit("docs/a.md"), commit("pkg/heavy.py")]
    ends = [READS, replace(READS, files=frozenset({"pkg/heavy.py"}))]
    assert built_ahead(commits, ends, Life(0, 4)) == [1, 3]
    assert built_ahead(commits, ends, Life(1, 4)) == [3]


def test_changed_paths_as_git_tells_them() -> None:
    told = ":100644 100644 aa bb M\0pkg/a.py\0:000000 100644 00 bb A\0pkg/b c.py\0"
    told += ":100644 000000 aa 00 D\0pkg/d.py\0"
    assert changed_paths(told) == (ChangedPath("pkg/a.py"), new("pkg/b c.py"), new("pkg/d.py"))
    assert changed_paths("") == ()
