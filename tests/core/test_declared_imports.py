"""What the harness imports is among its own dependencies: sessions install nothing else."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
# Run in a subject's interpreter, beside its packages or memray; never imported by the harness.
PROGRAMS = ("suites", "driver.py", "boxes.py", "inside", "agents", "prepare.py", "answers")
# Of the group that `nox -s profile` installs; looked for before it is imported.
OPTIONAL = {"memray"}


def imported(folder: Path) -> dict[str, Path]:
    """Top-level names of all imports, wherever they stand, with a file that has each."""
    found: dict[str, Path] = {}
    for file in folder.rglob("*.py"):
        if not any(part in PROGRAMS for part in file.parts):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                found |= {name.partition(".")[0]: file for name in names}
    return found


def test_imports_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(one).name) for one in project["dependencies"]}
    distributions = importlib.metadata.packages_distributions()
    for name, file in imported(ROOT / "bench").items():
        if name in sys.stdlib_module_names or name in {"bench", *OPTIONAL}:
            continue
        found = {canonicalize_name(one) for one in distributions.get(name, [name])}
        assert found & declared, f"{file} imports {name}, which pyproject.toml does not name"
