"""A working tree's environment made of its commit's is the one that a build would make."""

from __future__ import annotations

import dataclasses
import marshal
import shutil
from pathlib import Path

import pytest
from support.building import resolve
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.sample import Side
from bench.core.target import parse_target
from bench.engine.environments.build import Environment, build
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.revisions.resolve import clone_of

TARGET = parse_target(target_text())
# uv has this back end inside: nothing is downloaded.
PYPROJECT = """\
[build-system]
requires = ["uv_build"]
build-backend = "uv_build"

[project]
name = "sample-project"
version = "1.0.0"
requires-python = ">=3.11"

[project.scripts]
sample = "sample.cli:main"

[tool.uv.build-backend]
module-name = "sample"
module-root = ""
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A project that is built by copying, with the environment of its only commit."""
    folder = tmp_path_factory.mktemp("copied")
    files = sample_files("1.0.0") | {"pyproject.toml": PYPROJECT, "tests/test_it.py": ""}
    del files["tiny_backend.py"]
    Repository.create(folder / "repository").commit(files, "First")
    return Sandbox(folder, folder / "cache", folder / "repository")


@pytest.fixture
def mine(world: Sandbox, tmp_path: Path) -> Sandbox:
    """A clone of it to work in, which shares the environments."""
    shutil.copytree(world.repository, tmp_path / "mine")
    return dataclasses.replace(world, repository=tmp_path / "mine")


def builder(mine: Sandbox, said: list[str]) -> Builder:
    return Builder(
        target=TARGET, pair=resolve(mine, "HEAD..", TARGET), workspace=mine.workspace,
        announce=said.append, repo=mine.repository,
    )  # fmt: skip


def made(mine: Sandbox, interpreter: Interpreter) -> tuple[Environment, list[str]]:
    said: list[str] = []
    return builder(mine, said).build(interpreter).head, said


def contents(environment: Environment) -> dict[str, object]:
    """All files as what they mean: bytecode without the time of its source."""
    found: dict[str, object] = {}
    for name, entry in environment.inventory.entries.items():
        path = name.decode()
        if path.endswith(".pyc"):
            found[path] = marshal.loads((environment.venv / path).read_bytes()[16:])
        elif not path.endswith(("RECORD", "uv_cache.json", "direct_url.json")):
            found[path] = entry.mode, entry.content
    return found


def change(mine: Sandbox, path: str, text: str) -> None:
    (mine.repository / path).write_text(text, encoding="utf-8")


def test_result_is_that_of_a_build(mine: Sandbox, interpreter: Interpreter) -> None:
    change(mine, "sample/behaviour.py", 'UNITS = 2\nHOW = ""\n')
    change(mine, "tests/test_it.py", "def test_it(): pass\n")
    copied, said = made(mine, interpreter)
    assert not any("built anew" in line for line in said)
    assert "copied, with other contents of lib" in copied.record.commands[-1]
    assert (copied.venv / copied.record.provenance.module_file).is_file()
    match = copied.record.source_match
    assert match is not None
    assert (match.identical, match.different) == (4, ())
    of_copy = contents(copied)
    shutil.rmtree(copied.folder)
    clone = clone_of(TARGET, mine.workspace, mine.repository)
    revision = builder(mine, said).pair.head
    built = build(TARGET, revision, copied.record.recipe, mine.workspace, clone)
    assert built.folder == copied.folder
    assert of_copy == contents(built)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("sample/new.py", "NEW = 1\n", "sample/new.py differs"),
        ("pyproject.toml", PYPROJECT.replace("1.0.0", "1.0.1"), "pyproject.toml differs"),
    ],
)
def test_other_changes_are_built(
    mine: Sandbox, interpreter: Interpreter, path: str, text: str, why: str
) -> None:
    change(mine, path, text)
    environment, said = made(mine, interpreter)
    if path != "pyproject.toml":  # a changed one may ask for packages of today: another date
        assert any(line.endswith(f"built anew, since {why}") for line in said)
    match = environment.record.source_match
    assert match is not None
    assert match.different == match.missing == ()


def test_commits_environment_that_was_changed_is_not_copied(
    mine: Sandbox, interpreter: Interpreter
) -> None:
    change(mine, "sample/behaviour.py", 'UNITS = 3\nHOW = ""\n')
    said: list[str] = []
    base = builder(mine, said).build_side(Side.BASE, interpreter)
    file = next(base.venv.rglob("sample/cli.py"))
    before = file.read_bytes()
    file.write_bytes(before + b"\n")
    try:
        _, said = made(mine, interpreter)
        assert any("built anew, since sample/cli.py is made by" in line for line in said)
    finally:
        shutil.rmtree(base.folder)
