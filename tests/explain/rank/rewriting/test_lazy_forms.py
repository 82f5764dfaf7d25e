"""The forms of PEP 810: statements that stay and wait for a use by themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from support.rewritten_modules import importable, load, read, rewrite, wanted

from bench.core.errors import UsageError
from bench.engine.environments.interpreters import find_interpreter
from bench.explain.rank.rewriting.rewrite import rewrite_module
from bench.explain.rank.rewriting.wanted import Form

TEXT = (
    '"""Doc."""\n\nfrom __future__ import annotations\n\n'
    "import heavy\nfrom heavy import Thing, make\nfrom . import helper\n"
    "import os.path, sys\n\nready = make\n\n\n"
    "def work(one: Thing) -> int:\n    return heavy.value + helper.one\n"
)
NAMES = ["heavy", "Thing", "helper", "os"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where `heavy` and `own` are imported from."""
    with importable(tmp_path) as found:
        (found / "own" / "helper.py").write_text("one = 1\n", encoding="utf-8")
        yield found


def python_315() -> Path:
    """Python 3.15, where there is one."""
    try:
        return find_interpreter("3.15", fetch=False).executable
    except UsageError:
        pytest.skip("no Python 3.15 on this machine: infra/fetch_python.py brings one")


def test_modules_that_wait_are_named_before_the_imports(folder: Path) -> None:
    after = rewrite(folder, TEXT, NAMES, form=Form.LAZY_MODULES)
    line = '__lazy_modules__ = {"heavy", "os.path", "own"}\n'
    assert after == TEXT.replace("annotations\n\n", f"annotations\n\n{line}\n", 1)
    assert load().work(1) == 8  # older Pythons take no notice


def test_lazy_statements(folder: Path) -> None:
    after = rewrite(folder, TEXT, NAMES, form=Form.LAZY)
    assert after == TEXT.replace("import heavy\n", "lazy import heavy\n", 1).replace(
        "from heavy import Thing, make\nfrom . import helper\nimport os.path, sys\n",
        "lazy from heavy import Thing\nfrom heavy import make\n"
        "lazy from . import helper\nlazy import os.path\nimport sys\n",
    )
    cst.parse_module(after)


@pytest.mark.parametrize(
    ("there", "then"),
    [
        ("{'json'}", '{"heavy", "json"}'),
        ("['heavy']", "['heavy']"),
        (
            "frozenset()  # none",
            'frozenset()  # none\n__lazy_modules__ = {*__lazy_modules__, "heavy"}',
        ),
    ],
)
def test_a_set_that_is_there_is_extended(folder: Path, there: str, then: str) -> None:
    text = '__lazy_modules__ = {}\nimport heavy\n\n\ndef work():\n    return "", heavy\n'
    before, after = (text.replace("{}", one) for one in (there, then))
    found = rewrite(folder, before, ["heavy"], form=Form.LAZY_MODULES)
    assert found.replace("'json'", '"json"') == after


def test_many_modules_have_a_line_each(folder: Path) -> None:
    names = [f"a_module_with_a_long_name_{number}" for number in range(4)]
    text = "".join(f"import {name}\n" for name in names)
    source = read(folder, text)
    after = rewrite_module(source, wanted(source), form=Form.LAZY_MODULES)
    listed = "".join(f'    "{name}",\n' for name in names)
    assert after == f"__lazy_modules__ = {{\n{listed}}}\n\n{text}"


def test_imports_in_functions_go_deeper_and_others_wait(folder: Path) -> None:
    text = (
        "import heavy\n\n\ndef work(n):\n    from heavy import make\n\n    if n:\n"
        "        return make()\n    return heavy.value\n"
    )
    after = rewrite(folder, text, ["heavy", "make"], ran={5, 7, 9}, form=Form.LAZY)
    assert after == (
        "lazy import heavy\n\n\ndef work(n):\n    if n:\n        from heavy import make\n\n"
        "        return make()\n    return heavy.value\n"
    )


@pytest.mark.parametrize("form", [Form.LAZY, Form.LAZY_MODULES])
def test_on_315_nothing_is_imported_before_it_is_used(folder: Path, form: Form) -> None:
    python = python_315()
    text = TEXT.replace("ready = make\n", "")
    rewrite(folder, text, ["heavy", "Thing", "make", "helper", "os"], form=form)
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import own.main as m; "
        "print('heavy' in sys.modules, 'own.helper' in sys.modules, m.work(1), "
        "'heavy' in sys.modules)"
    )
    told = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False", "8", "True"]


def test_lazy_imports_come_last_where_imports_are_in_order(folder: Path) -> None:
    text = "# Head\n\nimport ast\nimport json\nfrom abc import ABC, ABCMeta\n\nimport heavy\n"
    after = rewrite(folder, text, ["ast", "ABC"], form=Form.LAZY)
    assert after == (
        "# Head\n\nimport json\nfrom abc import ABCMeta\nlazy import ast\n"
        "lazy from abc import ABC\n\nimport heavy\n"
    )
