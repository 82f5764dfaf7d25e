"""The import graph of real processes: what vanishes when statements are skipped."""

from __future__ import annotations

from pathlib import Path

from support.import_packages import by_name, write_package

from bench.explain.rank.costs import own_places
from bench.explain.rank.cuts import smallest_cut
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.sets import best_set, worths

OWN = frozenset({"own"})


def place_of(graph: Graph, module: str, name: str) -> Skip:
    """The statement of a module that asks for a name (or for a module, if it takes none)."""
    for number, place in enumerate(graph.recording.places):
        names = {one.name or one.module for one in place.asked}
        if place.module == module and place.file and name in names:
            return Skip(number, frozenset({name}))
    raise AssertionError(f"{module} imports no {name}")


def test_a_module_with_two_ways_to_it_goes_only_when_both_are_skipped(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "from own import one, two\n",
            "own/one.py": "import heavy\n",
            "own/two.py": "import heavy\n",
            "heavy.py": "import heavier\n",
            "heavier.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    first, second = place_of(graph, "own.one", "heavy"), place_of(graph, "own.two", "heavy")
    assert graph.saving([first]) == graph.saving([second]) == 0
    assert graph.vanished([first, second]) == {"heavy", "heavier"}
    shares = {one.skip: one for one in worths(graph, [first, second])}
    assert [one.alone for one in shares.values()] == [0, 0]
    assert [one.leave_one_out for one in shares.values()] == [2, 2]
    assert sum(one.share for one in shares.values()) == 2


def test_the_smallest_cut_is_found_above_the_statements_that_import_it(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import own.middle\n",
            "own/middle.py": "import own.one\nimport own.two\n",
            "own/one.py": "import heavy\n",
            "own/two.py": "import heavy\n",
            "heavy.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    cut = smallest_cut(graph, ["heavy"], own_places(graph, OWN))
    assert cut is not None
    (only,) = cut
    assert graph.recording.places[only].module == "own.main"


def test_no_own_statement_cuts_off_what_the_program_itself_imports(tmp_path: Path) -> None:
    files = {"own/__init__.py": "", "own/main.py": "import heavy\n", "heavy.py": ""}
    package = write_package(tmp_path, files, "import heavy, own.main")
    graph, _ = package.analyse()
    assert smallest_cut(graph, ["heavy"], own_places(graph, OWN)) is None


def test_what_a_function_imports_is_on_its_callers_account(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import own.caller\nimport own.tool\n",
            "own/caller.py": "import own.tool\nown.tool.work()\n",
            "own/tool.py": "def work():\n    import heavy\n",
            "heavy.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    assert graph.vanished([place_of(graph, "own.main", "own.caller")]) == {"own.caller", "heavy"}


def test_packages_come_with_their_modules_and_stay_for_other_modules(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import heavy.one\nfrom heavy import two\n",
            "heavy/__init__.py": "",
            "heavy/one.py": "",
            "heavy/two.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    one, two = place_of(graph, "own.main", "heavy.one"), place_of(graph, "own.main", "two")
    assert graph.vanished([one]) == {"heavy.one"}
    assert graph.vanished([one, two]) == {"heavy", "heavy.one", "heavy.two"}


def test_an_import_that_fails_keeps_nothing_alive(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import own.wants\n",
            "own/wants.py": "try:\n    import half\nexcept ImportError:\n    pass\n",
            "half.py": "import heavy\nraise ImportError\n",
            "heavy.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    assert "half" not in graph.modules
    assert graph.vanished([place_of(graph, "own.main", "own.wants")]) == {"own.wants", "heavy"}


def test_modules_that_import_each_other_go_together(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import chicken\n",
            "chicken.py": "import egg\n",
            "egg.py": "import chicken\n",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    assert graph.vanished([place_of(graph, "own.main", "chicken")]) == {"chicken", "egg"}


def test_import_module_is_an_import_of_the_line_that_calls_it(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import own.plugin\n",
            "own/plugin.py": "import importlib\nimportlib.import_module('heavy')\n",
            "heavy.py": "",
        },
        "import own.main",
    )
    graph, _ = package.analyse()
    (place,) = [one for one in graph.recording.places if {a.got for a in one.asked} == {"heavy"}]
    assert (place.module, place.line) == ("own.plugin", 2)
    assert "heavy" in graph.vanished([place_of(graph, "own.main", "own.plugin")])


def test_the_best_set_leaves_out_what_saves_nothing_in_it(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "",
            "own/main.py": "import heavy\nimport own.light\n\n\ndef use():\n"
            "    return heavy, own.light\n",
            "own/light.py": "import other\n\n\ndef use():\n    return other\n",
            "heavy.py": "import other\n",
            "other.py": "",
        },
        "import own.main",
    )
    graph, judgement = package.analyse()
    found = by_name(judgement)
    chosen = best_set(graph, [one.skip for one in judgement.candidates], 0.0)
    assert {one.place for one in chosen} == {found["heavy"].place, found["own"].place}


def test_one_line_may_import_many_modules(tmp_path: Path) -> None:
    names = [f"plugin{number}" for number in range(6)]
    main = f"for name in {names}:\n    __import__(name)\n\nimport {names[-1]}\n"
    files = {"own/__init__.py": "", "own/main.py": main, **{f"{one}.py": "" for one in names}}
    graph, judgement = write_package(tmp_path, files, "import own.main").analyse()
    (line,) = [one for one in graph.recording.places if (one.module, one.line) == ("own.main", 2)]
    assert {one.got for one in line.asked} == set(names)
    assert not graph.vanished([one.skip for one in judgement.candidates])
