"""Recipes are found: those for any project, and a target's own beside its TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.synthetic_runs import workspace_in

from bench.core.errors import UsageError
from bench.core.target import Target, parse_target
from bench.core.workspace import Workspace
from bench.explain.optimize import recipes

TARGET = """
name = "demo"
layer = "core engine"
distribution = "demo"
module = "demo"

[[benchmark]]
name = "version"
command = ["demo", "--version"]
"""
OWN = """
class Own:
    name = "demo-own"
    summary = "One of its own."

    def propose(self, project):
        raise NotImplementedError

RECIPE = Own()
"""


@pytest.fixture
def target() -> Target:
    return parse_target(TARGET)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    workspace = workspace_in(tmp_path)
    (workspace.targets / "demo_recipes").mkdir(parents=True)
    return workspace


def write(place: Workspace, text: str, name: str = "own") -> None:
    (place.targets / "demo_recipes" / f"{name}.py").write_text(text, encoding="utf-8")


def test_recipes_of_a_target_follow_those_for_any(target: Target, place: Workspace) -> None:
    write(place, OWN)
    write(place, "raise SystemError", name="_helper")
    names = [one.name for one in recipes.load(target, place)]
    assert names[-1] == "demo-own"
    assert len(set(names)) == len(names)
    assert recipes.load(target, place) == recipes.load(target, place)


@pytest.mark.parametrize(
    "text", ["def broken(:", "1 / 0", "import nowhere_at_all", "RECIPE = 1", ""]
)
def test_a_file_that_is_no_recipe_is_told(target: Target, place: Workspace, text: str) -> None:
    write(place, text)
    with pytest.raises(UsageError, match=r"own\.py"):
        recipes.load(target, place)


def test_a_name_is_given_once(target: Target, place: Workspace) -> None:
    write(place, OWN)
    write(place, OWN, name="second")
    with pytest.raises(UsageError, match="demo-own"):
        recipes.load(target, place)
