"""Tables at first use: the same values, the same names for everybody, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recipe_projects import RecipeProject

from bench.explain.optimize.change import Proposal
from bench.explain.optimize.recipes.first_use_tables import RECIPE

TEXT = '''"""Words."""

import re
from typing import Dict

__all__ = ["CODES", "find"]

SMALL = "a"
_WORD = "wor" + SMALL
_FIND = re.compile(rf"{_WORD}|b", re.IGNORECASE)
# the codes
CODES: Dict[str, int] = {chr(97 + one): one for one in range(20)}
_BYTES = re.compile(b"x")


def find(text):
    return [one for one in _FIND.findall(text) if one in CODES], (lambda: _BYTES.pattern)()


def codes():
    return CODES
'''
LINES = (10, 12, 13)


def made_from(tmp_path: Path, text: str = TEXT, **more: str) -> RecipeProject:
    files = {"demo/__init__.py": "", "demo/words.py": text}
    files |= {f"demo/{name}.py": other for name, other in more.items()}
    return RecipeProject(tmp_path, files | {"pyproject.toml": 'requires-python = ">=3.9"\n'})


def propose(made: RecipeProject, lines: tuple[int, ...] = LINES) -> Proposal:
    made.modules = [one for one in made.modules if one.endswith(".py")]
    costs = {("demo/words.py", line): 0.01 for line in lines}
    return RECIPE.propose(made.project(costs_s=costs))


def test_values_and_names_are_the_same(tmp_path: Path) -> None:
    made = made_from(tmp_path)
    look = (
        "import demo.words as w\n"
        "print([one for one in dir(w) if not one.startswith('_')], w.__annotations__)\n"
        "print(w.find('WORa b'), w.CODES is w.codes(), w.CODES)\n"
        "from demo.words import *\nprint(sorted(n for n in globals() if n in ('CODES', 'find')))\n"
        "try: w.nothing\nexcept AttributeError as error: print(error)\n"
    )
    before = made.python(look)
    proposal = propose(made)
    assert [one.title for one in proposal.changes] == [
        "compile regular expressions at their first use",
        "build tables at their first use",
    ]
    assert proposal.changes[0].saves_s == {"only": 0.02}
    text = made.apply(proposal)["demo/words.py"]
    after = made.python(look).replace("'functools', ", "").replace("'Any', ", "")
    assert after.splitlines()[1:] == before.splitlines()[1:]
    assert after.splitlines()[0].partition("]")[0] == before.splitlines()[0].partition("]")[0]
    untouched = "import demo.words as w; print(w._find.cache_info().misses, 'CODES' in vars(w))"
    assert made.python(untouched) == "0 False\n"
    compile(text, "words", "exec")
    assert "# the codes\n@functools.cache\ndef _codes() -> Dict[str, int]:" in text


def test_any_part_of_it_can_be_made(tmp_path: Path) -> None:
    made = made_from(tmp_path)
    proposal = propose(made)
    sites = [site for one in proposal.changes for site in one.sites]
    for site in sites:
        made.install(proposal.rewrite([site]))
        told = made.python("import demo.words as w; print(w.find('b'), len(w.CODES))")
        assert told == "(['b'], b'x') 20\n"
    assert proposal.rewrite([]) == {}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("def codes():\n", "def codes():\n    CODES['z'] = 1\n", "changed"),
        ("def codes():\n", "def codes():\n    CODES.update(z=1)\n", "changed"),
        ("def codes():\n", "def codes(all=CODES):\n", "while the module is imported"),
        ("def codes():\n", "def codes():\n    global CODES\n    CODES = {}\n", "more than once"),
        ("def codes():\n", "def codes():\n    globals()['CODES']\n", "a string"),
        ("range(20)", "range(len(dir()))", "may depend"),
        ("range(20)", "range(find)", "may depend"),
        ('__all__ = ["CODES", "find"]', "", "star import"),
        (
            "def codes():\n",
            "def __getattr__(name): raise AttributeError\n\n\ndef codes():\n",
            "own",
        ),
    ],
)
def test_what_could_differ_is_left(tmp_path: Path, old: str, new: str, reason: str) -> None:
    made = made_from(tmp_path, TEXT.replace(old, new))
    proposal = propose(made, (12,))
    assert not proposal.changes
    assert reason in proposal.dropped[0][1]


def test_what_others_name_or_scenarios_use_is_left(tmp_path: Path) -> None:
    made = made_from(tmp_path, other="from demo.words import _FIND\n")
    dropped = {site.names[0]: why for site, why in propose(made).dropped}
    assert dropped == {"_FIND": "demo/other.py names it"}
    used = made.project(costs_s={("demo/words.py", 12): 1.0}, lines={"demo/words.py": [17]})
    ((_, why),) = RECIPE.propose(used).dropped
    assert why == "used in only"
