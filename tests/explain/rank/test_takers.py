"""Who takes names from the project's modules, and what that keeps from being deferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.explain.rank.dangers import danger
from bench.explain.rank.sources import ModuleSource
from bench.explain.rank.takers import Takers, reads_itself, takers_of

MAIN = "import git\n\n\ndef work():\n    return git\n"


def parse(folder: Path, module: str, text: str) -> ModuleSource:
    file = folder / f"{module.replace('/', '.')}.py"
    file.write_text(text, encoding="utf-8")
    return ModuleSource.parse(module, file)


def takers(folder: Path, main: str, other: str = "", **texts: str) -> Takers:
    """Of `own.main`, with a file beside the project's modules, and texts that are not Python."""
    own = [parse(folder, "own", ""), parse(folder, "own.main", main)]
    outside = [parse(folder, "tests/test_main", other)]
    return takers_of(own, outside, texts.items())


@pytest.mark.parametrize(
    "test",
    [
        "mock.patch('own.main.git')\n",
        "import own.main\nmonkeypatch.setattr(own.main, 'git', None)\n",
        "from own import main\n\nwith patch.object(main, 'git'):\n    pass\n",
        "import own.main as m\n\nm.git = None\n",
        "patch.multiple('own.main', git=None)\n",
        "MODULE = 'own.main'\npatch(f'{MODULE}.git')\n",
        "MODULE = 'own.main'\npatch(MODULE + '.git')\n",
    ],
)
def test_a_name_that_tests_replace_stays(tmp_path: Path, test: str) -> None:
    found = takers(tmp_path, MAIN, test)
    assert [one.who for one in found.replaced["own.main", "git"]] == ["tests/test_main"]


@pytest.mark.parametrize(
    "test",
    [
        "from own.main import git\n",
        "import own.main\n\nown.main.git.Repo()\n",
        "mock.patch('own.main.git.Repo')\n",
        "from own import main\n\ngetattr(main, 'git')\n",
        "CODE = 'from own.main import git, other as well'\n",
    ],
)
def test_a_name_that_others_take_is_handed_on(tmp_path: Path, test: str) -> None:
    found = takers(tmp_path, MAIN, test)
    assert [one.who for one in found.of("own.main", "git")] == ["tests/test_main"]
    assert not found.replaced


def test_templates_and_entry_points_take_names(tmp_path: Path) -> None:
    found = takers(
        tmp_path, MAIN, template="{% x %} from own.main import git", setup="own.main:git"
    )
    assert [one.who for one in found.of("own.main", "git")] == ["template", "setup"]


def test_code_that_is_put_together_may_take_every_name(tmp_path: Path) -> None:
    found = takers(tmp_path, MAIN, "write('from own.main import ' + ', '.join(names))\n")
    assert [len(found.of("own.main", name)) for name in ("git", "anything")] == [1, 1]


def test_the_module_itself_is_no_taker(tmp_path: Path) -> None:
    own = parse(tmp_path, "own.main", f"{MAIN}\nimport own.main\n\nown.main.git\n")
    assert not takers_of([own]).of("own.main", "git")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = globals()\n", 1),
        ("\n__all__ = [name for name in dir() if name]\n", 2),
        ("import sys\nx = sys.modules[__name__]\n", 2),
        ("def go(text):\n    return eval(text)\n", 2),
        ("def go(text):\n    return eval(text, {}), dir(text), locals()\n", 0),
        ("def go():\n    import re\n    return re.compile('a')\n", 0),
    ],
)
def test_modules_that_read_their_own_names(tmp_path: Path, text: str, line: int) -> None:
    assert reads_itself(parse(tmp_path, "own.main", text)) == line


def why(folder: Path, main: str, other: str = "", *, stays: bool = False) -> str:
    """Why the first name of a module is not deferred."""
    own = parse(folder, "own.main", main)
    found = takers_of([own], [parse(folder, "tests/test_main", other)])
    statement = own.statements[0]
    return danger(own, statement, statement.names[0], found, stays=stays)


def test_what_a_deferral_would_break(tmp_path: Path) -> None:
    star = "from own.main import *\n"
    assert why(tmp_path, MAIN) == ""
    assert why(tmp_path, MAIN, star).startswith("taken with all else by tests/test_main")
    assert why(tmp_path, f"{MAIN}\n__all__ = ['work']\n", star) == ""
    patch = "patch('own.main.git')\n"
    assert why(tmp_path, MAIN, patch) == "replaced in the module by tests/test_main"
    assert why(tmp_path, MAIN, patch, stays=True) == ""
    assert why(tmp_path, f"{MAIN}\nx = globals()\n").startswith("the module reads its own names")


def test_an_import_that_nothing_uses_may_be_there_for_its_effect(tmp_path: Path) -> None:
    assert why(tmp_path, "import plugins\n").startswith("nothing uses the name")
    assert why(tmp_path, "import readline\n").startswith("nothing uses the name")
    assert why(tmp_path, "import json\n") == ""
    assert why(tmp_path, "import plugins\n", "from own.main import plugins\n") == ""
    assert why(tmp_path, "from own.parts import plugins as plugins\n") == ""
