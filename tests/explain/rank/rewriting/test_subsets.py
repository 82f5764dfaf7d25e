"""Any subset of what can be deferred leaves a package as it was, but for when it imports."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.rewritten_modules import forget, importable, load, read, wanted

from bench.explain.rank.rewriting.rewrite import rewrite_module
from bench.explain.rank.rewriting.wanted import Wanted
from bench.explain.rank.sources import ModuleSource

PACKAGE = {
    "own": (
        "from .models import Model, make as make_model\nfrom .tools import (\n    first,\n"
        "    second,\n)\nfrom . import tools as t\nfrom .cli import main\n\n"
        "__all__ = ['Model', 'first', 'main', 'make_model', 'second', 't']\n"
    ),
    "own.models": (
        "from __future__ import annotations\n\nimport dataclasses\nimport heavy, json\n"
        "from heavy import Thing\n\n\n@dataclasses.dataclass\nclass Model:\n    name: str\n\n"
        "    def text(self) -> str:\n        return json.dumps(self.name)\n\n\n"
        "def make(thing: Thing | None = None) -> Model:\n"
        "    return Model(str(heavy.value if thing is None else thing))\n"
    ),
    "own.tools": (
        "import heavy as h; import os.path\nfrom collections import OrderedDict as Ordered\n\n\n"
        "def first(n: int = 1):\n    if n > 1: return [h.value for _ in range(n)]\n"
        "    try:\n        return Ordered(a=h.make)\n    except KeyError:\n"
        "        return os.path.sep\n\n\n"
        "def second():\n    def inner():\n        return os.path.sep, (lambda: h.value)()\n\n"
        "    return inner()\n"
    ),
    "own.cli": (
        "import argparse\nimport typing as t\nfrom .tools import first, second\n"
        "from . import models\n\nif t.TYPE_CHECKING:\n    import abc\n\n\n"
        "def main(*words: str) -> t.Any:\n    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('words', nargs='*')\n    args = parser.parse_args(words)\n"
        "    return models.make().text(), first(2), second(), args.words\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where `heavy` and `own` are imported from."""
    with importable(tmp_path) as found:
        yield found


def told(module: ModuleType) -> tuple[object, ...]:
    """What can be seen of a module: its names, each kind, `__all__` and what it exports."""
    names = [name for name in dir(module) if name not in {"__builtins__", "TYPE_CHECKING"}]
    kinds = {name: type(getattr(module, name)).__name__ for name in names}
    scope: dict[str, object] = {}
    if hasattr(module, "__all__"):
        exec(f"from {module.__name__} import *", scope)
    return kinds, getattr(module, "__all__", None), sorted(scope.keys() - {"__builtins__"})


def look(sources: dict[str, ModuleSource]) -> list[object]:
    """Each module imported alone, and what the program says."""
    found: list[object] = []
    for name in sources:
        forget()
        found.append(told(load(name)))
    package = load("own")
    found.append((package.main("a", "b"), [*package.first()], package.second()))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_package_with_any_subset_deferred(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    sources = {name: read(folder, text, name) for name, text in PACKAGE.items()}
    before = look(sources)
    chosen: dict[str, list[Wanted]] = {}
    for name, source in sources.items():
        names = [name.bound for statement in source.statements for name in statement.names]
        everything = wanted(source, on_request=names)
        fit = [
            one
            for one in everything
            if not any(use.function is None and not use.is_annotation for use in one.name.uses)
            and (name, one.name.bound) != ("own.cli", "t")
            and str(one.statement.standing) in {"plain", "shares its line"}
        ]
        chosen[name] = chance.sample(fit, chance.randint(0, len(fit)))
    for name, source in sources.items():
        ran = set(chance.sample(range(1, 30), chance.randint(0, 10)))
        text = rewrite_module(source, chosen[name], {one for one in ran if _is_cold(source, one)})
        source.file.write_text(text, encoding="utf-8")
    assert look(sources) == before
    assert "heavy" in sys.modules


def _is_cold(source: ModuleSource, line: int) -> bool:
    """Whether a line needs no name: candidates are not used where a scenario ran."""
    used = {use.line for one in source.statements for name in one.names for use in name.uses}
    return line not in used
