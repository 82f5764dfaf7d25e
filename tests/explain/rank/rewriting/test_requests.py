"""Names that others take: handed out when they are asked for, shown by dir() as before."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.rewritten_modules import forget, importable, load, rewrite


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where `heavy` and `own` are imported from."""
    with importable(tmp_path) as found:
        yield found


NAMES = ["heavy", "Thing", "value", "make"]


def shown(module: ModuleType) -> set[str]:
    """What dir() shows, but what the interpreter puts there later."""
    return set(dir(module)) - {"__builtins__", "__warningregistry__"}


def as_before(folder: Path, text: str, names: list[str], module: str = "own.main") -> ModuleType:
    """Rewrite; what dir() showed is shown, and can be had."""
    path = module.replace(".", "/") + ("/__init__.py" if module == "own" else ".py")
    (folder / path).write_text(text, encoding="utf-8")
    before = shown(load(module))
    forget()
    rewrite(folder, text, names, on_request=names, module=module)
    found = load(module)
    assert shown(found) == before
    assert "heavy" not in sys.modules
    return found


def test_a_name_is_imported_when_it_is_asked_for_and_only_once(folder: Path) -> None:
    found = as_before(
        folder, "from heavy import Thing, value\nimport heavy as h\n", ["Thing", "value", "h"]
    )
    assert "value" not in vars(found)
    assert found.value == 7
    assert vars(found)["value"] == 7
    assert found.h is sys.modules["heavy"]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = found.nothing
    assert pickle.loads(pickle.dumps(found.Thing)) is found.Thing


def test_a_name_that_functions_use_and_others_take(folder: Path) -> None:
    text = (
        "from heavy import Thing as Thing, value\n\n__all__ = ['Thing']\n\n\n"
        "def work() -> int:\n    return value\n"
    )
    found = as_before(folder, text, NAMES)
    after = (folder / "own/main.py").read_text(encoding="utf-8")
    assert "if TYPE_CHECKING:\n    from heavy import Thing as Thing, value as value\n" in after
    assert "def __getattr__(name: str) -> object:\n" in after
    scope: dict[str, object] = {}
    exec("from own.main import *", scope)
    assert found.work() == 7
    assert scope["Thing"] is sys.modules["heavy"].Thing


def test_a_getattr_of_its_own_is_extended(folder: Path) -> None:
    text = (
        "from heavy import value\n\n\ndef __getattr__(wanted):\n"
        '    """Say it."""\n    return wanted * 2\n'
    )
    found = as_before(folder, text, NAMES)
    after = (folder / "own/main.py").read_text(encoding="utf-8")
    assert after.count("def __getattr__") == 1
    assert '"""Say it."""\n    if wanted == "value":' in after
    assert (found.value, found.other) == (7, "otherother")


@pytest.mark.parametrize(
    "own",
    [
        "import typing\n\nif not typing.TYPE_CHECKING:\n\n    def __getattr__(name):\n"
        "        return name * 2\n",
        "import typing as t\n\nif t.TYPE_CHECKING:\n    pass\nelse:\n\n"
        "    def __getattr__(name): return name * 2\n",
        "def attach():\n    return str, lambda name: name * 2\n\n\n_, __getattr__ = attach()\n",
        "__getattr__ = lambda name: name * 2\n",
        "from own.helper import twice as __getattr__\n",
    ],
)
def test_a_getattr_of_another_kind_is_asked_too(folder: Path, own: str) -> None:
    helper = "def twice(name):\n    return name * 2\n"
    (folder / "own/helper.py").write_text(helper, encoding="utf-8")
    found = as_before(folder, f"from heavy import value\n{own}", NAMES)
    assert (found.value, found.other) == (7, "otherother")


def test_many_own_names_have_a_table(folder: Path) -> None:
    (folder / "own/one.py").write_text("a = 1\nb = 2\nimport heavy\n", encoding="utf-8")
    (folder / "own/globals.py").write_text("c = 3\n", encoding="utf-8")
    text = (
        '"""All of it."""\n\nfrom . import one\nfrom .globals import c\n'
        "from .one import a, b as bb\nfrom heavy import value\n"
    )
    names = ["one", "c", "a", "bb", "value"]
    found = as_before(folder, text, names, "own")
    after = (folder / "own/__init__.py").read_text(encoding="utf-8")
    assert '"bb": (".one", "b"),' in after or '"bb": (".one", "b")' in after
    assert (found.a, found.bb, found.c, found.value, found.one.a) == (1, 2, 3, 7, 1)
    assert {"a", "bb", "c", "one", "value"} <= vars(found).keys()


def test_a_module_that_hands_out_already_hands_out_more(folder: Path) -> None:
    (folder / "own/one.py").write_text("a, b, c, d, e = range(5)\n", encoding="utf-8")
    text = "from .one import a, b, c, d, e\nfrom heavy import value, make\n"
    once = rewrite(folder, text, ["a", "b", "c", "d", "value"], on_request="abcd", module="own")
    before = {*shown(load("own")), "value"}
    forget()
    twice = rewrite(folder, once, ["e", "make"], on_request=["e", "make"], module="own")
    assert [twice.count(one) for one in ("def __getattr__", "def __dir__", "_DEFERRED = ")] == (
        [1, 1, 1]
    )
    found = load("own")
    assert shown(found) == before - {"value"}
    assert (found.e, found.make.__name__) == (4, "make")


def test_a_submodule_is_not_asked_of_the_package_itself(folder: Path) -> None:
    (folder / "own/sub.py").write_text("import heavy\nhere = 1\n", encoding="utf-8")
    found = as_before(
        folder, "from . import sub\nfrom own import sub as two\n", ["sub", "two"], "own"
    )
    assert found.sub.here == 1
    assert found.two is found.sub


@pytest.mark.parametrize("own", ["[*globals(), 'more']", "['more']"])
def test_a_dir_of_its_own_is_extended_if_it_asks_what_there_is(folder: Path, own: str) -> None:
    text = f"from heavy import value\n\n\ndef __dir__():\n    return {own}\n"
    assert as_before(folder, text, NAMES).value == 7
