"""Environments built for real, by uv, from commits and releases."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from support.building import build_pair, resolve
from support.index import PackageServer
from support.launching import left_behind
from support.sample_project import package_files, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.errors import BuildError
from bench.core.revision import Source
from bench.core.target import parse_target
from bench.engine.environments.build import Environment, cached, cut_off
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments


def test_two_commits(sandbox: Sandbox, interpreter: Interpreter) -> None:
    built = build_pair(sandbox, interpreter, "v1.0.0..v1.1.0")
    for side, version in ((built.base, "1.0.0"), (built.head, "1.1.0")):
        proof = side.record.provenance
        assert proof.version == version
        assert proof.module_file.endswith("site-packages/sample/__init__.py")
        assert proof.packages == {"sample-project": version}
        assert proof.base_executable == str(interpreter.executable)
        match = side.record.source_match
        assert match is not None
        assert (match.identical, match.different) == (4, ())
    assert built.dependency_changes == ()


def test_paths_of_both_sides_have_equal_lengths(sandbox: Sandbox, interpreter: Interpreter) -> None:
    built = build_pair(sandbox, interpreter, "v1.0.0..main")
    lengths = {len(str(side.venv / "bin" / "sample")) for side in (built.base, built.head)}
    assert len(lengths) == 1
    assert built.base.venv != built.head.venv


def test_bytecode_is_compiled(sandbox: Sandbox, interpreter: Interpreter) -> None:
    """Also where the caller's shell says PYTHONDONTWRITEBYTECODE."""
    sandbox.extra["PYTHONDONTWRITEBYTECODE"] = "1"
    for side in environments(build_pair(sandbox, interpreter, "v1.0.0..locked")):
        assert len(list(side.venv.glob("lib/*/site-packages/sample/__pycache__/*.pyc"))) == 4


def environments(built: Environments) -> tuple[Environment, Environment]:
    return built.base, built.head


def test_lock_file_of_a_commit_is_used(sandbox: Sandbox, interpreter: Interpreter) -> None:
    built = build_pair(sandbox, interpreter, "v1.0.0..locked")
    date = cut_off(resolve(sandbox, "v1.0.0..locked"))
    assert built.base.record.recipe.dependencies == date
    assert built.head.record.recipe.dependencies == "uv.lock"
    assert any("sync --frozen" in command for command in built.head.record.commands)
    assert any("--exclude-newer" in command for command in built.base.record.commands)


def test_nothing_is_editable(sandbox: Sandbox, interpreter: Interpreter) -> None:
    """Checkouts are gone after the build, and the commit's files are copies in the environment."""
    for side in environments(build_pair(sandbox, interpreter, "v1.0.0..locked")):
        assert not list(side.venv.glob("lib/*/site-packages/*.pth"))[1:]  # uv's own _virtualenv.pth
        assert not (sandbox.workspace.worktrees / side.record.key).exists()


def test_second_build_is_found_in_the_cache(sandbox: Sandbox, interpreter: Interpreter) -> None:
    build_pair(sandbox, interpreter, "v1.0.0..v1.0.1")
    said: list[str] = []
    build_pair(sandbox, interpreter, "v1.0.0..v1.0.1", said=said)
    assert said == []


def test_half_a_build_is_made_again(own_cache: Sandbox, interpreter: Interpreter) -> None:
    """What kill -9 leaves: a folder without a record, a checkout."""
    built = build_pair(own_cache, interpreter, "v1.0.0..v1.0.1").base
    (built.folder / "environment.json").unlink()
    checkout = own_cache.workspace.worktrees / built.record.key
    checkout.mkdir(parents=True)
    (checkout / "rubbish").touch()
    assert cached(built.record.recipe, own_cache.workspace) is None
    again = build_pair(own_cache, interpreter, "v1.0.0..v1.0.1").base
    assert again.record.provenance.packages == built.record.provenance.packages
    assert not checkout.exists()


def test_same_commit_on_both_sides_is_built_twice(
    sandbox: Sandbox, interpreter: Interpreter
) -> None:
    """An A/A run has what every pair has: two folders, of equal length and content."""
    built = build_pair(sandbox, interpreter, "v1.0.0..v1.0.0")
    assert built.base.folder != built.head.folder
    assert len(str(built.base.folder)) == len(str(built.head.folder))
    assert built.base.record.provenance.packages == built.head.record.provenance.packages


def test_target_of_a_single_module(sandbox: Sandbox, interpreter: Interpreter) -> None:
    """`six` is one file: its folder is all of site-packages, which is not all the commit's."""
    target = parse_target(target_text().replace('module = "sample"', 'module = "lonely"'))
    built = build_pair(sandbox, interpreter, "single-file..single-file", target=target)
    match = built.base.record.source_match
    assert match is not None
    assert (match.identical, match.different) == (1, ())


def _build(sandbox: Sandbox, interpreter: Interpreter, revisions: str) -> tuple[str, list[str]]:
    said: list[str] = []
    built = build_pair(sandbox, interpreter, revisions, said=said)
    return str(built.head.folder), [line for line in said if line.startswith("built")]


def test_two_processes_build_the_same_at_once(own_cache: Sandbox, interpreter: Interpreter) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        work = (own_cache, interpreter, "v1.0.0..v1.1.0")
        one, other = pool.starmap(_build, [work, work])
    assert one[0] == other[0]
    records = list(own_cache.workspace.environments.glob("*/environment.json"))
    assert len(records) == 2
    assert not list(own_cache.workspace.worktrees.iterdir())


def test_build_failure_shows_the_builds_own_last_lines(
    sandbox: Sandbox, interpreter: Interpreter
) -> None:
    with pytest.raises(BuildError) as raised:
        build_pair(sandbox, interpreter, "v1.0.0..broken-build")
    assert "no plutonium left" in raised.value.message
    log = Path(raised.value.hint.rpartition("The whole log: ")[2])
    assert "compiling the flux capacitor" in log.read_text(encoding="utf-8")
    pair = resolve(sandbox, "v1.0.0..broken-build")
    assert pair.head.label in log.name
    assert not (sandbox.workspace.worktrees / log.stem.rpartition("-")[2]).exists()


def test_hanging_build_is_stopped_with_its_children(
    sandbox: Sandbox, interpreter: Interpreter
) -> None:
    target = parse_target(target_text(rest="build_timeout_s = 2"))
    with pytest.raises(BuildError, match="ran into its time-out"):
        build_pair(sandbox, interpreter, "v1.0.0..hanging-build", target=target)
    assert not left_behind("sleep 4242", sandbox.cache)


def test_module_that_cannot_be_imported(sandbox: Sandbox, interpreter: Interpreter) -> None:
    target = parse_target(target_text().replace('module = "sample"', 'module = "gone"'))
    with pytest.raises(BuildError, match="No module 'gone' was installed"):
        build_pair(sandbox, interpreter, "v1.0.0..v1.1.0", target=target)


def test_releases(
    own_cache: Sandbox,
    interpreter: Interpreter,
    package_server: PackageServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for month, version in enumerate(("1.0", "1.1"), start=1):
        files = package_files(sample_files(version, units=month))
        when = f"2026-{month:02d}-01T00:00:00Z"
        package_server.add("sample-project", version, files, uploaded=when)
    for key, value in package_server.environ.items():
        monkeypatch.setenv(key, value)
    target = parse_target(target_text(released=True))
    built = build_pair(own_cache, interpreter, "1.0..1.1", target=target)
    assert built.base.record.recipe.source is Source.PYPI
    assert built.head.record.provenance.packages == {"sample-project": "1.1"}
    assert built.head.record.source_match is None


def test_two_pythons_have_environments_of_their_own(
    sandbox: Sandbox, interpreter: Interpreter, other_interpreter: Interpreter
) -> None:
    one = build_pair(sandbox, interpreter, "v1.0.0..v1.1.0").base
    two = build_pair(sandbox, other_interpreter, "v1.0.0..v1.1.0").base
    assert one.folder != two.folder
    assert two.record.provenance.python.startswith(f"{other_interpreter.version}.")


def test_environment_whose_interpreter_is_gone(
    own_cache: Sandbox, interpreter: Interpreter
) -> None:
    """A Python was uninstalled, or a cleaner of temporary files passed by."""
    built = build_pair(own_cache, interpreter, "v1.0.0..v1.0.1").base
    (built.venv / "bin" / "python").unlink()
    built = build_pair(own_cache, interpreter, "v1.0.0..v1.0.1").base
    built.prove_again({}, own_cache.workspace)
