"""Imports in functions: where they go, and that all else stays as it was."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.rewritten_modules import importable, load, rewrite

from bench.explain.rank.rewriting.wanted import RewriteError


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where `heavy` and `own` are imported from."""
    with importable(tmp_path) as found:
        yield found


def added(before: str, after: str) -> list[str]:
    """The lines that are new, without blank ones."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in lines if line.startswith("+ ") and line[2:].strip()]


def removed(before: str, after: str) -> list[str]:
    """The lines that are gone, without blank ones."""
    return added(after, before)


def test_once_at_the_top_behind_the_docstring(folder: Path) -> None:
    text = (
        '"""Doc."""\n\nimport heavy\n\n\ndef work(n):\n    """Say it."""\n    if n:\n'
        "        return heavy.value\n    # twice\n    return 2 * heavy.value\n"
    )
    after = rewrite(folder, text)
    assert after == (
        '"""Doc."""\n\n\ndef work(n):\n    """Say it."""\n    import heavy\n\n    if n:\n'
        "        return heavy.value\n    # twice\n    return 2 * heavy.value\n"
    )
    found = load()
    assert "heavy" not in sys.modules
    assert (found.work(0), found.work(1), found.work.__doc__) == (14, 7, "Say it.")


HOT = """\
import heavy




def work(n):
    if n == 0:
        return 0
    total = n
    if n > 5:
        first = heavy.value
        total += heavy.value
    elif n > 3:
        total -= heavy.value
    else:
        total += 1
    try:
        total += 1
    except heavy.Thing:
        pass
    finally:
        total += 0
    for one in range(n - 9):
        total += heavy.value
    return total
"""


def test_what_ran_does_not_import_what_did_not_run_does(folder: Path) -> None:
    text = HOT.replace("    except heavy.Thing:\n", "    except OSError:\n        heavy.make()\n")
    ran = {4, 5, 7, 8, 11, 14, 15, 16, 21, 22, 24}
    after = rewrite(folder, text, ran=ran)
    assert added(text, after) == [
        "        import heavy",
        "        import heavy",
        "        import heavy",
        "        import heavy",
    ]
    found = load()
    assert found.work(1) == 3
    assert "heavy" not in sys.modules
    assert (found.work(4), found.work(10)) == (-2, 25)


def test_a_function_that_did_not_run_has_one_import(folder: Path) -> None:
    after = rewrite(folder, HOT)
    assert after.count("import heavy") == 1
    assert load().work(10) == 25


def test_the_rest_of_a_block_that_was_left_early(folder: Path) -> None:
    text = (
        "def work(n):\n    import heavy\n\n    if n:\n        return 1\n"
        "    n = 2\n    return heavy.value + n\n"
    )
    after = rewrite(folder, text, ran={2, 4, 5})
    assert after == (
        "def work(n):\n    if n:\n        return 1\n    n = 2\n    import heavy\n\n"
        "    return heavy.value + n\n"
    )
    assert (load().work(0), load().work(1)) == (9, 1)


def test_functions_within_functions(folder: Path) -> None:
    text = (
        "from heavy import value\n\n\ndef outer():\n    def inner():\n        return value\n\n"
        "    return inner\n\n\ndef both():\n    def inner():\n        return value\n\n"
        "    return value + inner()\n\n\nclass Own:\n    def work(self, n=1):\n"
        "        return [value for _ in range(n)] + [(lambda: value)()]\n\n"
        "    class Inner:\n        @property\n        def work(self):\n            return value\n"
    )
    after = rewrite(folder, text)
    assert added(text, after) == [
        "        from heavy import value",
        "    from heavy import value",
        "        from heavy import value",
        "            from heavy import value",
    ]
    found = load()
    assert "heavy" not in sys.modules
    assert (found.outer()(), found.both(), found.Own().work(), found.Own.Inner().work) == (
        7, 14, [7, 7], 7,
    )  # fmt: skip


def test_an_outer_function_that_ran_has_an_import_of_its_own(folder: Path) -> None:
    text = (
        "from heavy import value\n\n\ndef outer(n):\n    def inner():\n        return value\n\n"
        "    if n:\n        return value\n    return inner\n"
    )
    after = rewrite(folder, text, ran={4, 5, 8, 10})
    assert after.count("from heavy import value") == 2
    assert load().outer(0)() == 7
    assert load().outer(1) == 7


def test_generators_coroutines_and_one_line_functions(folder: Path) -> None:
    text = (
        "import heavy as h\n\n\ndef one(): return h.value  # short\n\n\n"
        "def several():\n    yield h.value\n\n\nasync def later():\n    return h.value\n"
    )
    after = rewrite(folder, text, ["h"])
    assert "def one():\n    import heavy as h\n\n    return h.value  # short\n" in after
    found = load()
    assert (found.one(), list(found.several())) == (7, [7])
    with pytest.raises(StopIteration, match="7"):
        found.later().send(None)


@pytest.mark.parametrize(
    ("statement", "names", "stays", "moved"),
    [
        ("import heavy, sys", ["heavy"], "import sys", "import heavy"),
        ("import sys, heavy as heavy", ["heavy"], "import sys", "import heavy as heavy"),
        ("from heavy import Thing as T, value", ["T"], "from heavy import value", None),
        ("from heavy import (Thing, value)", ["value"], "from heavy import (Thing)", None),
        (
            "from heavy import (\n    Thing,  # this\n    make,  # that\n    value,\n)",
            ["Thing", "value"],
            "from heavy import (\n    make,  # that\n)",
            None,
        ),
        (
            "from heavy import (\n    Thing,\n    make)",
            ["make"],
            "from heavy import (\n    Thing)",
            None,
        ),
        ("from heavy import Thing, \\\n    make", ["make"], "from heavy import Thing", None),
        ("n = 1; import heavy", ["heavy"], "n = 1", "import heavy"),
        ("import heavy; n = 1", ["heavy"], "n = 1", "import heavy"),
        ("import os.path", ["os"], "", "import os.path"),
        ("import os.path as p", ["p"], "", "import os.path as p"),
        ("from . import helper", ["helper"], "", "from . import helper"),
        ("from .helper import given as g", ["g"], "", "from .helper import given as g"),
        ("import heavy  # the big one", ["heavy"], "", "import heavy  # the big one"),
        ("import heavy  # noqa: E402", ["heavy"], "", "import heavy"),
        ("import heavy  # type: ignore", ["heavy"], "", "import heavy  # type: ignore"),
    ],
)
def test_statements_of_all_kinds(
    folder: Path, statement: str, names: list[str], stays: str, moved: str | None
) -> None:
    (folder / "own" / "helper.py").write_text("given = 1\n", encoding="utf-8")
    text = f"# Head\nfirst = 1\n{statement}\nlast = 2\n\n\ndef work():\n    return {names[0]}\n"
    after = rewrite(folder, text, names)
    assert after.startswith(f"# Head\nfirst = 1\n{stays}{chr(10) if stays else ''}last = 2\n")
    if moved:
        assert f"def work():\n    {moved}\n\n    return" in after
    assert load().work() is not None


def test_comments_above_stay_and_blank_lines_do_not_add_up(folder: Path) -> None:
    text = (
        "import sys\n\nimport heavy\n\n# Ours\nfrom own import helper\n\n\ndef work():\n"
        "    return heavy, helper, sys\n"
    )
    assert rewrite(folder, text, ["heavy"]).startswith(
        "import sys\n\n# Ours\nfrom own import helper\n\n\ndef"
    )
    assert rewrite(folder, text, ["heavy", "helper"]).startswith(
        "import sys\n\n# Ours\n\n\ndef work():\n    import heavy\n\n    from own import helper\n\n"
    )


def test_imports_in_functions_are_in_order(folder: Path) -> None:
    text = (
        "from own.zeta import a\nimport json\nfrom abc import ABC\nimport heavy\n\n\n"
        "def work():\n    import ast\n    from heavy import value\n\n"
        "    return a, json, ABC, heavy, ast, value\n"
    )
    assert rewrite(folder, text, ["a", "json", "ABC", "heavy"]) == (
        "def work():\n    import ast\n    import json\n    from abc import ABC\n\n"
        "    import heavy\n    from heavy import value\n\n    from own.zeta import a\n\n"
        "    return a, json, ABC, heavy, ast, value\n"
    )


def test_imports_of_one_block_stand_together(folder: Path) -> None:
    text = (
        "import csv\nimport wave\n\nimport heavy\n\n\ndef work(two=False):\n    if not two:\n"
        "        return 1\n    csv.reader([])\n    heavy.make()\n    if two is None:\n"
        "        wave.open(two)\n    return 2\n"
    )
    head = "def work(two=False):\n    if not two:\n        return 1\n"
    names = ("csv", "heavy", "wave")
    after = rewrite(folder, text, names, ran={8, 9})  # the early return
    assert after.startswith(
        f"{head}    import csv\n    import wave\n\n    import heavy\n\n    csv."
    )
    # What one scenario did not reach stands apart from what it ran.
    apart = rewrite(folder, text, names, ran={8, 10, 11, 12, 14})
    assert "        import wave\n\n        wave.open(two)\n" in apart


def test_names_of_one_module_share_a_statement(folder: Path) -> None:
    text = (
        "from heavy import make, Thing\n\n\ndef work():\n    from heavy import value\n\n"
        "    return make, Thing, value\n"
    )
    assert "    from heavy import Thing, make, value\n" in rewrite(folder, text)
    single = f"from abc import ABC\nfrom abc import ABCMeta\n{text}"
    after = rewrite(folder, single.replace("import make, Thing", "import make"))
    assert "    from heavy import make\n    from heavy import value\n" in after


@pytest.mark.parametrize(
    "text",
    [
        "import heavy\r\n\r\n\r\ndef work():\r\n\treturn heavy.value\r\n",
        "\ufeffimport heavy\n\n\ndef work():\n  return heavy.value\n",
        "import heavy\n\x0c\ndef work():\n    return heavy.value",
        "import heavy\n\x0cdef work():\n    \x0c\n    return heavy.value\n",
        "# -*- coding: utf-8 -*-\nimport heavy\nname = 'é'\n\n\ndef work():\n   return heavy.value",
        "#!/usr/bin/python\n\n# Licence\n\nimport heavy\n\n\ndef work():\n    return heavy.value\n",
    ],
)
def test_ends_of_lines_indentation_and_the_like(folder: Path, text: str) -> None:
    after = rewrite(folder, text)
    newline = "\r\n" if "\r" in text else "\n"
    assert ("\r\n" in after) == ("\r" in text)
    assert after.count("\r") in {0, after.count("\n")}
    assert after.endswith(text[-12:])
    assert f"work():{newline}" in after
    rest = after.replace("import heavy", "").lstrip("\ufeff").split()
    assert rest == text.replace("import heavy", "").lstrip("\ufeff").split()
    assert (after.count("\x0c"), after[:1] == "\ufeff") == (text.count("\x0c"), text[0] == "\ufeff")
    assert load().work() == 7


def test_a_file_that_would_not_come_back_the_same_is_refused(folder: Path) -> None:
    with pytest.raises(RewriteError, match="ends of lines"):
        rewrite(folder, "import heavy\n\n\ndef work():\n    n = 1\n \x0c    return heavy\n")


def test_there_is_no_place_before_an_elif(folder: Path) -> None:
    text = (
        "import heavy\n\n\ndef work(n):\n    if n:\n        return 1\n"
        "    elif heavy.value:\n        return 2\n"
    )
    with pytest.raises(RewriteError, match="elif"):
        rewrite(folder, text, ran={4, 5, 6})
    assert rewrite(folder, text).count("    import heavy\n\n    if n:") == 1


def test_bodies_behind_colons_become_blocks(folder: Path) -> None:
    text = (
        "import heavy\n\n\ndef work(n):\n    if n: return heavy.value\n"
        "    with open(__file__): pass\n    return 1\n"
    )
    source = text.replace("if n: return heavy.value", "if n: return heavy.value  # rare")
    assert "import heavy\n\n    if n: return" in rewrite(folder, source)
    assert load().work(1) == 7


def test_a_function_is_left_with_something_to_do(folder: Path) -> None:
    text = "def work():\n    # needed once\n    import heavy\n\n\nclass Own:\n    pass\n"
    after = rewrite(folder, text, ran={1, 3})
    assert after == "def work():\n    pass\n    # needed once\n\n\nclass Own:\n    pass\n"


def test_long_imports_have_a_name_a_line(folder: Path) -> None:
    names = [f"a_name_that_is_long_{number}" for number in range(4)]
    listed = "".join(f"    {name},\n" for name in names)
    text = f"from heavy import (\n{listed})\n\n\nclass Own:\n    def work(self):\n"
    text += f"        from heavy import value\n\n        return [{', '.join(names)}, value]\n"
    after = rewrite(folder, text, names)
    indented = "".join(f"            {name},\n" for name in [*names, "value"])
    assert f"        from heavy import (\n{indented}        )\n\n        return" in after
