"""Third-party packages: what differs is found, and `--deps` makes it one set."""

from __future__ import annotations

import pytest
from support.building import build_pair
from support.index import PackageServer
from support.sandbox import Sandbox

from bench.core.errors import BuildError
from bench.engine.environments.dependencies import DependencyChange, compare_packages
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Dependencies

OLD, NEW = "1.0", "2.0"


@pytest.fixture
def two_versions(package_server: PackageServer, monkeypatch: pytest.MonkeyPatch) -> PackageServer:
    """sample-dependency 1.0 and 2.0, and a 3.0 that came after all commits."""
    for version, month in ((OLD, 1), (NEW, 1), ("3.0", 12)):
        files = {"sample_dependency.py": f"VERSION = {version!r}\n"}
        when = f"2025-{month:02d}-01T00:00:00Z" if month == 1 else "2026-12-01T00:00:00Z"
        package_server.add("sample-dependency", version, files, uploaded=when)
    for key, value in package_server.environ.items():
        monkeypatch.setenv(key, value)
    return package_server


@pytest.mark.usefixtures("two_versions")
def test_nothing_newer_than_the_cut_off_is_taken(
    own_cache: Sandbox, interpreter: Interpreter
) -> None:
    built = build_pair(own_cache, interpreter, "wants-old..wants-new")
    versions = [s.record.provenance.packages["sample-dependency"] for s in (built.base, built.head)]
    assert versions == [NEW, NEW]
    assert built.dependency_changes == ()


@pytest.mark.usefixtures("two_versions")
def test_package_on_one_side_only_is_a_change(own_cache: Sandbox, interpreter: Interpreter) -> None:
    built = build_pair(own_cache, interpreter, "v1.0.0..wants-new")
    assert built.dependency_changes == (DependencyChange("sample-dependency", None, NEW),)


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize("whose", [Dependencies.BASE, Dependencies.HEAD])
def test_one_set_for_both(
    own_cache: Sandbox, interpreter: Interpreter, whose: Dependencies
) -> None:
    """`pinned-old` takes 1.0 whatever there is; the other side would take 2.0."""
    revisions = "pinned-old..wants-old" if whose is Dependencies.BASE else "wants-old..pinned-old"
    own = build_pair(own_cache, interpreter, revisions)
    assert [change.package for change in own.dependency_changes] == ["sample-dependency"]
    one_set = build_pair(own_cache, interpreter, revisions, dependencies=whose)
    assert one_set.dependency_changes == ()
    side = one_set.head if whose is Dependencies.BASE else one_set.base
    assert side.record.recipe.constraints == (f"sample-dependency=={OLD}",)
    assert side.record.provenance.packages["sample-dependency"] == OLD


@pytest.mark.usefixtures("two_versions")
def test_packages_alone(own_cache: Sandbox, interpreter: Interpreter) -> None:
    """Base's code on both sides, and in the middle the environment that `--deps head` makes."""
    revisions = "wants-old..pinned-old"
    built, head = (
        build_pair(own_cache, interpreter, revisions, dependencies=one)
        for one in (Dependencies.PACKAGES, Dependencies.HEAD)
    )
    assert built.dependency_changes == (DependencyChange("sample-dependency", NEW, OLD),)
    assert built.base.record.revision == built.head.record.revision == head.base.record.revision
    assert built.head.record.key == head.base.record.key
    assert built.base.record.key != head.base.record.key


@pytest.mark.usefixtures("two_versions")
def test_one_set_that_does_not_exist(own_cache: Sandbox, interpreter: Interpreter) -> None:
    with pytest.raises(BuildError, match="sample-dependency"):
        build_pair(own_cache, interpreter, "pinned-old..wants-new", dependencies=Dependencies.BASE)


def test_comparison_of_packages() -> None:
    base = {"a": "1", "b": "1", "own": "1", "gone": "1"}
    head = {"a": "1", "b": "2", "own": "2", "new": "1"}
    assert compare_packages(base, head, {"own"}) == (
        DependencyChange("b", "1", "2"),
        DependencyChange("gone", "1", None),
        DependencyChange("new", None, "1"),
    )
