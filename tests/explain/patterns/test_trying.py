"""Rewritten functions: what may be rewritten, and whether a copy with it does what it did."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from support.import_packages import write_package
from support.settings import setting_of

from bench.explain.counters.instructions import find_instruction_counter
from bench.explain.counters.running import NotCountedError
from bench.explain.patterns.edits import edited
from bench.explain.patterns.hoisting import stored_names
from bench.explain.patterns.hot import Hot, HotShape, tried
from bench.explain.patterns.shapes import functions_of, shapes_of
from bench.explain.patterns.trying import Trials
from bench.explain.rank.counterfactual import Timed
from bench.explain.rank.overlay import Overlay
from bench.explain.rank.sources import Source


def rewritten(tmp_path: Path, text: str, name: str = "go") -> str:
    """A function with all its shapes changed."""
    file = tmp_path / "some.py"
    file.write_text(dedent(text), encoding="utf-8")
    source = Source.parse("own.some", file)
    (function,) = functions_of(source, name)
    stored = stored_names([source.tree])
    edits = [edit for shape in shapes_of(source, function, stored) for edit in shape.edits]
    return ast.unparse(ast.parse(edited(source.text, edits)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "for one in x:\n    self.a.b(one); self.a.b(one)",
            "a_b = self.a.b\nfor one in x:\n    a_b(one)\n    a_b(one)",
        ),
        ("while x:\n    é = 'é' + self.a", "a_ = self.a\nwhile x:\n    é = 'é' + a_"),
        (
            "out = []\nfor y in x:\n    if y:\n        out.append(y)",
            "out = []\nout_append = out.append\nfor y in x:\n    if y:\n        out_append(y)",
        ),
        (
            "for one in x:\n    re.compile('x' + a).match(one)",
            "re_compile_made = re.compile('x' + a)\nfor one in x:\n    re_compile_made.match(one)",
        ),
        (
            "for one in x:\n    y = one.a == one.b or one.a == 1 or one.a == x[0]",
            "for one in x:\n"
            "    y = (one.a is one.b or one.a == one.b) or one.a == 1 or one.a == x[0]",
        ),
        (
            "return isinstance(x, int) or isinstance(x, (str, list)) or isinstance(y, int)",
            "return isinstance(x, (int, str, list)) or isinstance(y, int)",
        ),
    ],
)
def test_what_stays_the_same_is_moved_out_of_the_loop(
    tmp_path: Path, before: str, after: str
) -> None:
    def function(body: str) -> str:
        return "def go(self, x, y, a):\n" + "".join(f"    {line}\n" for line in body.split("\n"))

    assert rewritten(tmp_path, function(before)) == ast.unparse(ast.parse(function(after)))


@pytest.mark.parametrize(
    "body",
    [
        "for one in x: one.a.b(one)",  # another object each time
        "for one in x: self.late(one)",  # assigned outside of __init__
        "for one in x:\n        if one: self.a(one)",  # perhaps never read
        "for one in x:\n        if one: continue\n        self.a(one)",  # the same
        "for one in x:\n        self.a.b(one); self.a = one",
        "for one in x: y.a(one)",  # another function may bind it anew
        "for one in x: f'{self.a}'",
        "for one in x: (lambda: self.a)",
        "return isinstance(x, int) or y or isinstance(x, str)",
        "return isinstance(x(), int) or isinstance(x(), str)",
    ],
)
def test_what_may_change_stays_where_it_is(tmp_path: Path, body: str) -> None:
    text = f"def other(self):\n    global y\n    self.late = 1\ndef go(self, x, y):\n    {body}\n"
    assert rewritten(tmp_path, text) == ast.unparse(ast.parse(text))


def test_patterns_are_compiled_with_the_module(tmp_path: Path) -> None:
    text = """\
        import re
        class A:
            def go(self, x):
                re.sub("a", "b", x, count=2); re.match("a", x); re.search(x, "a")
                return re.compile(r"\\d"), re.split("c", x, flags=re.I), re.split("d", x, 1, re.I)
        """
    new = rewritten(tmp_path, text)
    assert new.startswith(
        "import re\n_GO_1 = re.compile('a')\n_GO_2 = re.compile('\\\\d')\n\nclass"
    )
    assert "_GO_1.sub('b', x, count=2)" in new
    assert "_GO_1.match(x)" in new
    assert "return (_GO_2, re.split('c', x, flags=re.I), re.split('d', x, 1, re.I))" in new
    assert "re.search(x, 'a')" in new


def test_what_is_parsed_anew_may_be_something_else(tmp_path: Path) -> None:
    for argument in ("one", "next(x)", "self.late"):
        text = f"def go(self, x):\n    for one in x: re.compile({argument})\n    self.late = 1\n"
        assert f"({argument})" in rewritten(tmp_path, text).split("for one in x")[1]


def test_functions_are_told_apart_by_their_classes(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text("class A:\n    def go(s): 1\nclass B:\n    def go(s):\n        def f(): 1\n")
    source = Source.parse("own.some", file)
    assert len(functions_of(source, "go")) == 2  # Python before 3.11 has no more than that
    assert [one.lineno for one in functions_of(source, "B.go")] == [4]
    assert [one.lineno for one in functions_of(source, "B.go.<locals>.f")] == [5]


_WORK = """\
import re
import sys


class Pair:
    def __init__(self, size):
        self.size = size

    def __eq__(self, other):
        return sum(range(self.size)) == sum(range(other.size))

    def __hash__(self):
        return 1


def parse(words):
    found = 0
    for word in words:
        found += bool(re.compile("a+" * 50).match(word))
        re.purge()
    return found


def told(words):
    for word in words:
        sys.stdout.write(repr(len(sys._getframe().f_locals)))


def broken(pair):
    while True:
        if isinstance(pair, list) or isinstance(pair, missing):
            return


def main():
    pair = Pair(100_000)
    print(pair == pair, pair == Pair(1))
    print(parse(["a"] * 20))
    told(["a"])
    try:
        broken([])
    except NameError:
        raise SystemExit(3) from None
"""


def not_timed(base: Overlay, head: Overlay) -> Timed:
    raise AssertionError("instructions were to be counted")


def test_a_change_is_run_and_what_it_saves_is_counted(tmp_path: Path) -> None:
    try:
        counter = find_instruction_counter()
    except NotCountedError as error:
        pytest.skip(str(error))
    folder = tmp_path / "site-packages"
    files = {"own/__init__.py": "", "own/a.py": _WORK}
    package = write_package(folder, files, "import own.a; own.a.main()")
    source = package.sources()["own.a"]
    trials = Trials(setting_of(package), counter, not_timed, 100.0)
    shapes = [
        HotShape(source, name, Hot(0.05, 0.05), shape)
        for name in ("Pair.__eq__", "parse", "told", "broken")
        for function in functions_of(source, name)
        for shape in list(shapes_of(source, function, frozenset()))[:1]
    ]
    equal, parse, told, broken = tried(shapes, trials, 0.001)
    for one in (equal, parse):
        assert one.pays
        assert (one.saving_s or 0) > 0.001
        assert "fewer of" in one.backed_by
        assert "+++ b/own/a.py" in one.patch
    for one in (told, broken):
        assert (one.pays, one.saving_s, one.patch) == (False, None, "")
    assert "says something else" in told.backed_by
    assert "did not run: exit status 3" in broken.backed_by
