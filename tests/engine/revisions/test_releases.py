"""Ranges looked up on a package index (a small one of our own, on the loopback interface)."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from support.index import PackageServer
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.revision import Pair, Source
from bench.core.target import parse_target
from bench.engine.environments.build import cut_off
from bench.engine.revisions.resolve import resolve_range

NAME = "sample-project"


@pytest.fixture
def index(package_server: PackageServer, monkeypatch: pytest.MonkeyPatch) -> PackageServer:
    """Releases 1.0, 1.1 (yanked), 1.2rc1, 1.2 and 1.10, uploaded a month apart."""
    for month, version in enumerate(("1.0", "1.1", "1.2rc1", "1.2", "1.10"), start=1):
        when = f"2026-{month:02d}-01T00:00:00.5Z"
        package_server.add(NAME, version, {}, uploaded=when, yanked=version == "1.1")
    package_server.files[NAME].append({"filename": "sample-project-1.0.exe", "url": "x"})
    use(monkeypatch, package_server.url + "/simple/")
    return package_server


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", url)


@pytest.fixture
def lookups(own_cache: Sandbox) -> Sandbox:
    return own_cache


def resolve(sandbox: Sandbox, text: str, repo: Path | None = None) -> Pair:
    target = parse_target(target_text(released=True, clone=sandbox.repository.as_uri()))
    return resolve_range(target, text, sandbox.workspace, repo)


# what is typed → the releases it means; a single one is compared with the one before it
MEANS = {
    "1.0..1.2": ("1.0", "1.2"),
    "v1.0..v1.2.0": ("1.0", "1.2"),
    "pypi:1.0..pypi:1.10": ("1.0", "1.10"),
    "1.10": ("1.2", "1.10"),
    "1.2": ("1.0", "1.2"),
    "1.2rc1": ("1.0", "1.2rc1"),
    "1.0..1.1": ("1.0", "1.1"),
}


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("text", MEANS)
def test_range_means_releases(lookups: Sandbox, text: str) -> None:
    pair = resolve(lookups, text)
    assert (pair.base.identity, pair.head.identity) == MEANS[text]
    assert {pair.base.source, pair.head.source} == {Source.PYPI}
    assert "looked up now" in pair.origin


@pytest.mark.usefixtures("index")
def test_release_against_a_commit(lookups: Sandbox) -> None:
    pair = resolve(lookups, "1.0..feature")
    assert (pair.base.source, pair.head.source) == (Source.PYPI, Source.GIT)


@pytest.mark.usefixtures("index")
def test_prefix_and_repo_choose_the_clone(lookups: Sandbox) -> None:
    assert resolve(lookups, "git:v1.0.0..git:v1.1.0").base.source is Source.GIT
    assert resolve(lookups, "1.0.0..1.1.0", lookups.repository).base.source is Source.GIT


@pytest.mark.usefixtures("index")
def test_version_that_is_only_a_tag_comes_from_the_clone(lookups: Sandbox) -> None:
    assert resolve(lookups, "1.0.1..feature").base.source is Source.GIT


def test_works_offline_after_the_first_look_up(
    lookups: Sandbox, index: PackageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(lookups, "1.0..1.2")
    asked = len(index.requests)
    for range_ in ("1.0..1.10", "1.10"):
        assert "remembered from" in resolve(lookups, range_).origin
    assert len(index.requests) == asked
    use(monkeypatch, "http://127.0.0.1:9/simple")
    with pytest.raises(UsageError, match="could not be asked"):  # another index, another memory
        resolve(lookups, "1.0..1.2")


def test_new_release_is_looked_up_though_older_ones_are_remembered(
    lookups: Sandbox, index: PackageServer
) -> None:
    resolve(lookups, "1.0..1.2")
    index.add(NAME, "2.0", {}, uploaded="2026-06-01T00:00:00Z")
    assert resolve(lookups, "1.0..2.0").head.identity == "2.0"


def test_damaged_memory_is_looked_up_again(lookups: Sandbox, index: PackageServer) -> None:
    resolve(lookups, "1.0..1.2")
    (memory,) = lookups.workspace.lookups.glob("*.json")
    memory.write_text("{", encoding="utf-8")
    assert "looked up now" in resolve(lookups, "1.0..1.2").origin


def test_both_sides_share_one_date(index: PackageServer, lookups: Sandbox) -> None:
    assert cut_off(resolve(lookups, "1.0..1.2")) == "2026-04-02T00:00:00Z"
    assert cut_off(resolve(lookups, "1.2..1.0")) == "2026-04-02T00:00:00Z"


FAILURES = {
    "1.0": "1.0 is the first release",
    "pypi:9.9": "has no release 9.9",
    "pypi:main": "is no version of sample-project",
    "1.0...1.2": "releases have no merge base",
    "1.0..9.9": "Unknown revision '9.9'",
}


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("text", FAILURES)
def test_what_means_nothing(lookups: Sandbox, text: str) -> None:
    with pytest.raises(UsageError, match=FAILURES[text]):
        resolve(lookups, text)


ANSWERS = {
    b"<html>": "could not be asked",
    b"{}": "could not be asked",
    b"[]": "could not be asked",
    b'{"files": [{}]}': "could not be asked",
    b'{"files": []}': "Unknown revision",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_odd_answers_of_an_index(index: PackageServer, lookups: Sandbox, answer: bytes) -> None:
    index.answers[f"/simple/{NAME}/"] = answer
    with pytest.raises(UsageError, match=ANSWERS[answer]):
        resolve(lookups, "1.0..1.2")


def test_index_that_does_not_know_the_project(
    package_server: PackageServer, lookups: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, package_server.url + "/simple")
    with pytest.raises(UsageError, match="answered 404 for 'sample-project'"):
        resolve(lookups, "1.0..1.2")


def test_index_without_upload_times(index: PackageServer, lookups: Sandbox) -> None:
    """PEP 691 without PEP 700 (some mirrors): no cut-off date can be had from it."""
    index.add(NAME, "3.0", {}, uploaded=None)
    with pytest.raises(UsageError, match="upload"):
        cut_off(resolve(lookups, "1.0..3.0"))


def test_credentials_reach_the_index_and_nothing_else(
    lookups: Sandbox, index: PackageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, index.url.replace("//", "//user:hunter%2B2@") + "/simple")
    pair = resolve(lookups, "1.0..1.2")
    assert b64decode(index.logins[-1].removeprefix("Basic ")) == b"user:hunter+2"
    remembered = [file.read_text("utf-8") for file in lookups.workspace.lookups.iterdir()]
    assert "hunter" not in "".join([repr(pair), *remembered])


@pytest.mark.parametrize("port", ["", ":9"])
def test_credentials_of_an_index_are_in_no_message(
    lookups: Sandbox, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    use(monkeypatch, f"http://user:hunter2@127.0.0.1{port}/simple")
    with pytest.raises(UsageError) as raised:
        resolve(lookups, "1.0..1.2")
    assert "hunter2" not in str(raised.value)
