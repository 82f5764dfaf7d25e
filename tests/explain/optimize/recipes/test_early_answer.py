"""`--version` before the program is imported: the same text and status, nothing else changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recipe_projects import RecipeProject

from bench.explain.optimize.recipes.early_answer import RECIPE

HEAVY = "import json as heavy  # stands for what the version does not need\n"
METADATA = 'import importlib.metadata\nVERSION = importlib.metadata.version("demo")\n'
ARGPARSE = '''"""The command."""
# about imports
from __future__ import annotations

import argparse
{imports}

def main():
    parser = argparse.ArgumentParser({prog})
    parser.add_argument("-V", "--version", action="version", version={version})
    parser.add_argument("--many", action="store_true")
    parser.parse_args()
    print("worked", heavy.__name__)
'''


def argparse_files(version: str, imports: str = "", prog: str = "", **more: str) -> dict[str, str]:
    text = ARGPARSE.format(version=version, imports=HEAVY + imports, prog=prog)
    return {"demo/__init__.py": '__version__ = "1.2"\n', "demo/cli.py": text, **more}


CASES = {
    "f-string": argparse_files('f"%(prog)s {__version__}"', "from demo import __version__"),
    "module": argparse_files('"%(prog)s " + C.VERSION', "from demo import constants as C")
    | {"demo/constants.py": METADATA},
    "metadata": argparse_files("version(__package__)", "from importlib.metadata import version"),
    "format": argparse_files("'%(prog)s \"{}\"'.format(__version__)", "from . import __version__"),
    "own prog": argparse_files("'%(prog)s v1'", prog='prog="other"'),
    "imported late": {
        path: text.replace("    parser =", "    from demo import __version__\n    parser =", 1)
        for path, text in argparse_files('f"%(prog)s {__version__}"').items()
    },
    "file of values": argparse_files("number", "from demo.about import number")
    | {"demo/about.py": 'number: str = "7"\n'},
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_the_same_and_comes_first(tmp_path: Path, name: str) -> None:
    made = RecipeProject(tmp_path, CASES[name])
    others = [("--version", "--many"), ("--vers",), ("--many",), ("-x",)]
    asked = [("--version",), *(others if name == "f-string" else [])]
    before = [made.run(*words) for words in asked]
    proposal = RECIPE.propose(made.project())
    texts = made.apply(proposal)
    assert [made.run(*words) for words in asked] == before
    assert before[0][0] == 0
    assert before[0][1]
    # The program itself is gone, so only an early answer can work.
    made.install({"demo/cli.py": texts["demo/cli.py"].replace("import argparse", "1 / 0")})
    assert made.run("--version") == before[0]
    assert made.run("-V") == before[0]
    assert "ZeroDivisionError" in made.run("--version", "--many")[2]


def test_only_the_installed_command_is_answered_early(tmp_path: Path) -> None:
    made = RecipeProject(tmp_path, CASES["f-string"])
    made.apply(RECIPE.propose(made.project()))
    assert made.run("--version", name="another")[1] == "another 1.2\n"
    program = "import sys; sys.argv = ['x', '--version']; import demo.cli; print('imported')"
    assert made.python(program) == "imported\n"


def test_what_stands_above_stays(tmp_path: Path) -> None:
    made = RecipeProject(tmp_path, CASES["f-string"])
    text = made.apply(RECIPE.propose(made.project()))["demo/cli.py"]
    assert text.startswith('"""The command."""\n# about imports\nfrom __future__')
    assert text.index("raise SystemExit") < text.index("import argparse")
    assert "\n\nimport argparse\n" in text


CLICK = {
    "demo/__init__.py": "",
    "demo/cli.py": HEAVY
    + """import click

@click.group()
@click.version_option(package_name="demo", message="%(prog)s is %(version)s")
def main():
    pass
""",
}


def test_click_says_what_its_message_says(tmp_path: Path) -> None:
    pytest.importorskip("click")
    made = RecipeProject(tmp_path, CLICK, alone=False)
    made.apply(RECIPE.propose(made.project()))
    assert made.run("--version") == (0, "demo is 1.2\n", "")
    assert "demo is" not in made.run("--version", _DEMO_COMPLETE="bash_source")[1]


@pytest.mark.parametrize(
    ("version", "imports"),
    [
        ("made()", "from demo.about import made"),
        ('f"%(prog)s {__version__!r}"', "from demo import __version__"),
        ('"%(prog)s  1  2"', ""),
        ('"%(prog)s %(other)s"', ""),
        ("number", "number = '1'\nnumber = '2'"),
        ("missing", ""),
    ],
)
def test_what_cannot_be_followed_is_left(tmp_path: Path, version: str, imports: str) -> None:
    more = {"demo/about.py": "def made(): return '1'\n"}
    made = RecipeProject(tmp_path, argparse_files(version, imports) | more)
    proposal = RECIPE.propose(made.project())
    assert not proposal.changes
    (left,) = proposal.left
    assert left.why


def test_help_is_left_to_the_parser(tmp_path: Path) -> None:
    made = RecipeProject(tmp_path, CASES["f-string"])
    (left,) = RECIPE.propose(made.project(("demo", "--help"))).left
    assert "parser" in left.why
