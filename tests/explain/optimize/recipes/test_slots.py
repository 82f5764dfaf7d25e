"""Slots for dataclasses with many instances, where nothing could tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recipe_projects import RecipeProject

from bench.explain.optimize.change import Proposal
from bench.explain.optimize.recipes.slots import RECIPE

TEXT = '''"""Things."""

from dataclasses import dataclass, field


@dataclass
class Point:
    """One."""

    x: int
    y: int = 2
    more: list[int] = field(default_factory=list)

    def moved(self):
        self.y = 3
        return self


@dataclass(frozen=True, order=True)
class Pair:
    a: int = 0


class Other:
    pass
'''
MANY = {"demo.things.Point": 5000, "demo.things.Pair": 2000}


def made_from(tmp_path: Path, python: str = ">=3.10", **files: str) -> RecipeProject:
    texts = {f"demo/{name}.py": text for name, text in {"things": TEXT, **files}.items()}
    declared = {"tests/pyproject.toml": "", "pyproject.toml": f'requires-python = "{python}"\n'}
    made = RecipeProject(tmp_path, {"demo/__init__.py": "", **texts, **declared})
    made.modules = [one for one in made.modules if one.endswith(".py")]
    return made


def propose(made: RecipeProject, many: dict[str, int] | None = None) -> Proposal:
    return RECIPE.propose(made.project(instances=MANY if many is None else many))


def test_the_same_objects_in_less_room(tmp_path: Path) -> None:
    made = made_from(tmp_path)
    look = (
        "from demo.things import *; one = Point(1).moved()\n"
        "print(one, one == Point(1, 3), Pair() < Pair(2), hash(Pair()) == hash(Pair()))\n"
    )
    before = made.python(look)
    proposal = propose(made)
    text = made.apply(proposal)["demo/things.py"]
    assert "@dataclass(slots=True)\nclass Point" in text
    assert "@dataclass(frozen=True, order=True, slots=True)\nclass Pair" in text
    assert made.python(look) == before
    assert made.python("from demo.things import *; print(hasattr(Point(1), '__dict__'))") == (
        "False\n"
    )
    (one,) = proposal.rewrite([proposal.changes[0].sites[0]]).values()
    assert one.count("slots=True") == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("from demo.things import Point\nclass Deep(Point): pass", "derives"),
        ("from demo.things import Point\nprint(vars(Point(1)))", "looks into"),
        ("import pickle\nfrom demo.things import Point", "pickles"),
        ("import weakref\nfrom demo.things import Point", "weakly"),
        ("from demo.things import Point\np = Point(1)\np.label = 1", "no fields"),
        ("from demo.things import Point\nsetattr(Point(1), 'l', 1)", "by name"),
    ],
)
def test_what_could_tell_is_left(tmp_path: Path, more: str, reason: str) -> None:
    proposal = propose(made_from(tmp_path, other=more), {"demo.things.Point": 5000})
    assert not proposal.changes
    assert reason in proposal.dropped[0][1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Point:", "class Point(Other):"),
        ("@dataclass\nclass", "@Other\n@dataclass\nclass"),
        ("self.y = 3", "self.z = 3"),
        ("self.y = 3", "super().__init__()"),
    ],
)
def test_what_the_class_does_itself(tmp_path: Path, old: str, new: str) -> None:
    proposal = propose(
        made_from(tmp_path, things=TEXT.replace(old, new)), {"demo.things.Point": 5000}
    )
    assert not proposal.changes
    assert proposal.dropped


def test_few_instances_and_older_pythons(tmp_path: Path) -> None:
    made = made_from(tmp_path)
    assert not propose(made, {"demo.things.Point": 10}).changes
    old = propose(made_from(tmp_path / "old", ">=3.9"))
    assert not old.changes
    assert "3.10" in old.left[0].why
