"""The grammar of ranges."""

from __future__ import annotations

import pytest

from bench.core.errors import UsageError
from bench.core.revision import Source
from bench.engine.revisions.ranges import RangeSpec, RevisionName, parse_range


def name(text: str, source: Source | None = None) -> RevisionName:
    return RevisionName(text, source)


GOOD = {
    "a..b": RangeSpec(name("a"), name("b")),
    "a...b": RangeSpec(name("a"), name("b"), merge_base=True),
    " a..b ": RangeSpec(name("a"), name("b")),
    "a..": RangeSpec(name("a"), name("")),
    "a...": RangeSpec(name("a"), name(""), merge_base=True),
    "@{upstream}..": RangeSpec(name("@{upstream}"), name("")),
    "main@{u}...@": RangeSpec(name("main@{u}"), name("@"), merge_base=True),
    "@^{/Fix a..b and c}..HEAD": RangeSpec(name("@^{/Fix a..b and c}"), name("HEAD")),
    "..b": RangeSpec(name("HEAD"), name("b")),
    "...b": RangeSpec(name("HEAD"), name("b"), merge_base=True),
    "b": RangeSpec(None, name("b")),
    "HEAD~3": RangeSpec(None, name("HEAD~3")),
    "HEAD@{1 day ago}..HEAD": RangeSpec(name("HEAD@{1 day ago}"), name("HEAD")),
    "main@{1}..HEAD^2": RangeSpec(name("main@{1}"), name("HEAD^2")),
    "0.20.5..0.20.6": RangeSpec(name("0.20.5"), name("0.20.6")),
    "v1.0.0...v1.1.0": RangeSpec(name("v1.0.0"), name("v1.1.0"), merge_base=True),
    "fix/it.now..release-1.x": RangeSpec(name("fix/it.now"), name("release-1.x")),
    "git:1.0..pypi:1.1": RangeSpec(name("1.0", Source.GIT), name("1.1", Source.PYPI)),
    "pypi:v2.0": RangeSpec(None, name("v2.0", Source.PYPI)),
}

BAD = ["", " ", "..", "...", "....", "a....b", "a..b..c", "a...b..c", "a b", "a ..b", "a..b c",
       "git:..a", "--upload-pack=x", "a..--output=x", "-h..b"]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_range_is_understood(text: str) -> None:
    assert parse_range(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="is not a range of revisions"):
        parse_range(text)


def test_the_work_tree_is_meant_by_an_open_right_side_alone() -> None:
    assert parse_range("a..").head.is_tree
    assert not parse_range("a..HEAD").head.is_tree
    assert parse_range("..b").base == name("HEAD")


VERSIONS = {
    "1.0": "1.0", "v0.20.6": "0.20.6", "2.0rc1": "2.0rc1", "15.0.0.post1": "15.0.0.post1",
    "1": "1", "main": None, "v1": "1", "1!1.0": "1!1.0", "2024": "2024", "12345": None,
    "1a2b": None, "1.0-fix-the-thing": None, "1234567": None, "1.x": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "version"), VERSIONS.items())
def test_what_looks_like_a_version(text: str, version: str | None) -> None:
    found = name(text).version
    assert (None if found is None else str(found)) == version
