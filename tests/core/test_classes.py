"""Classes: a name stands for one thing, and large values are made by naming their fields."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
# Programs of their own, which run in the subject's interpreter.
PROGRAMS = (BENCH / "suites", BENCH / "explain" / "agents")


def test_class_names_are_unique() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(BENCH.rglob("*.py")):
        if not any(file.is_relative_to(one) for one in PROGRAMS):
            for name in re.findall(r"^class (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE):
                found[name].append(str(file.relative_to(BENCH)))
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_constructors_of_five_fields_and_more_name_them() -> None:
    """In core, whose values are made everywhere: positions would be read wrongly."""
    positional = [
        node.name
        for file in (BENCH / "core").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and sum(isinstance(one, ast.AnnAssign) for one in node.body) >= 5
        and "kw_only=True"
        not in "".join(ast.unparse(one) for one in (*node.keywords, *node.decorator_list))
    ]
    assert positional == []
