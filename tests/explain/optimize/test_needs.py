"""What must be loaded with something else, though nothing imports it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.import_packages import Package, write_package

from bench.explain.optimize.choosing.harm import Harm, Ran
from bench.explain.optimize.choosing.needs import needs_of
from bench.explain.rank.graph import Graph

FILES = {
    "own/__init__.py": "",
    "own/main.py": "import own.parts\n",
    "own/parts/__init__.py": "from own.parts.one import go\n",
    "own/parts/one.py": "def go():\n    pass\n",
}


def package(folder: Path, **files: str) -> Package:
    """A package whose `own.main` is imported, with more files or others."""
    more = {f"{name.replace('__', '/')}.py": text for name, text in files.items()}
    return write_package(folder, {**FILES, **more}, "import own.main")


def needs(found: Package) -> dict[tuple[str, str], str]:
    graph = Graph(found.record(), {})
    return {(one.by, one.module): one.why for one in needs_of(graph, found.sources())}


def test_a_package_shows_its_submodules_once_it_is_imported(tmp_path: Path) -> None:
    why = needs(package(tmp_path))["own.parts", "own.parts.one"]
    assert why == "`own.parts.one` is there once own.parts is imported"


def test_a_submodule_may_be_used_by_whoever_imports_its_package(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        own__main="import own.other\nimport vendor\n\n\ndef go():\n    vendor.sub.go()\n",
        own__other="import vendor.sub\nimport guest\n",
        vendor____init__="",
        vendor__sub="def go():\n    pass\n",
        guest="import vendor\n\n\ndef go():\n    return vendor.sub.go()\n",
    )
    told = needs(found)
    assert told["own.main", "vendor.sub"].endswith("line 6 uses `vendor.sub` without importing it")
    assert told["guest", "vendor.sub"] == "guest uses `vendor.sub` without importing it"
    assert ("own.other", "vendor.sub") not in told


def test_a_package_that_imports_its_submodule_brings_it(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        own__main="import vendor\n\n\ndef go():\n    vendor.sub.go()\n",
        vendor____init__="from vendor import sub\n",
        vendor__sub="def go():\n    pass\n",
    )
    assert not needs(found).keys() & {("own.main", "vendor.sub")}


def test_what_registers_itself_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    registry = "known = {}\n\n\ndef register(one):\n    known[one.__name__] = one\n"
    plugin = "from own.registry import register\n\n\n@register\ndef go():\n    pass\n"
    found = package(
        tmp_path,
        own__main="import own.plugin\nimport own.healer\n",
        own__registry=registry,
        own__plugin=plugin,
        own__loader="def load():\n    import own.healer\n\n\ndef register(one):\n    return one\n",
        own__healer=plugin.replace("own.registry", "own.loader"),
    )
    told = needs(found)
    assert told["own.registry", "own.plugin"].startswith("own.plugin registers something with")
    assert ("own.loader", "own.healer") not in told  # which it imports when it is needed


def test_a_decorator_that_is_a_method_of_an_object_registers_with_it(tmp_path: Path) -> None:
    command = (
        "from own import tools\nfrom own.app import cli\n\n\n@cli.command()\ndef go():\n    pass\n"
    )
    app = (
        "class Group:\n    def command(self):\n        return lambda one: one\n\n\ncli = Group()\n"
    )
    found = package(
        tmp_path,
        own__main="import own.build\nimport own.cached\n",
        own__app=app,
        own__tools="def cached(one):\n    return one\n",
        own__build=command,
        own__cached="from own import tools\n\n\n@tools.cached\ndef go():\n    pass\n",
    )
    told = needs(found)
    assert "registers something with own.app in line 5" in told["own.app", "own.build"]
    assert ("own.tools", "own.cached") not in told


@pytest.mark.parametrize(
    "base",
    [
        "class Base:\n    all = []\n\n"
        "    def __init_subclass__(cls):\n        cls.all.append(cls)\n",
        "class Meta(type):\n    known = {}\n\n    def __new__(mcs, name, bases, space):\n"
        "        made = super().__new__(mcs, name, bases, space)\n        mcs.known[name] = made\n"
        "        return made\n\n\nclass Base(metaclass=Meta):\n    pass\n",
        "class Base:\n    @classmethod\n    def all(cls):\n        return cls.__subclasses__()\n",
        "class Base:\n    pass\n\n\ndef every():\n    return Base.__subclasses__()\n",
    ],
    ids=["init_subclass", "metaclass", "of itself", "asked"],
)
def test_classes_that_know_their_subclasses_need_them(tmp_path: Path, base: str) -> None:
    derived = "from own.bases import Base\n\n\nclass Middle(Base):\n    pass\n"
    found = package(
        tmp_path,
        own__main="import own.middle\nimport own.last\n",
        own__bases="from own.base import Base\n",
        own__base=base,
        own__middle=derived,
        own__last="import own.middle\n\n\nclass Last(own.middle.Middle):\n    pass\n",
    )
    told = needs(found)
    why = "own.middle derives from `Base` of own.base, which knows its subclasses, in line 4"
    assert told["own.base", "own.middle"] == why
    assert ("own.base", "own.last") in told


def test_classes_that_only_look_at_their_subclasses_need_none(tmp_path: Path) -> None:
    base = "class Base:\n    def __init_subclass__(cls):\n        assert cls.__name__\n"
    found = package(
        tmp_path,
        own__main="import own.derived\n",
        own__base=base,
        own__derived="from own.base import Base\n\n\nclass Derived(Base):\n    pass\n",
    )
    assert ("own.base", "own.derived") not in needs(found)


def test_functions_that_are_called_all_the_time_get_no_import(tmp_path: Path) -> None:
    main = "import heavy\n\n\ndef go():\n    return heavy\n\n\nfor _ in range(500):\n    go()\n"
    found = package(tmp_path, own__main=main, heavy="")
    recording = found.record()
    sources = found.sources()
    ((key, count),) = [one for one in recording.calls.items() if one[1] > 1]
    assert (Path(key[0]).name, key[1], count) == ("main.py", 4, 500)
    harm = Harm.of({"scenario": Ran(recording, 0.01)}, list(sources.values()))
    assert harm.of_calls(sources["own.main"], sources["own.main"].functions("go")).startswith(
        "scenario calls `go` 500 times: imports in functions would cost "
    )
    slow = Harm.of({"scenario": Ran(recording, 10.0)}, list(sources.values()))
    assert not slow.of_calls(sources["own.main"], sources["own.main"].functions("go"))


def test_modules_behind_a_hook_on_imports_are_known(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        own__install="import sys\nimport own.parts\n\n\ndef close():\n"
        "    sys.addaudithook(lambda name, args: name == 'import')\n",
    )
    harm = Harm.of({}, list(found.sources().values()))
    assert set(harm.closed) == {"own", "own.install", "own.parts", "own.parts.one"}
