"""The suites as pyperformance sees them: what is listed, and what each benchmark says of itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from support.suites import SUITES, Script, all_scripts

SCRIPTS = all_scripts()
NAMES = list(SCRIPTS)
LAYERS = {"codeflash": "core-engine", "pip": "prior-art", "rich": "prior-art"}


def pyperformance(command: str) -> str:
    """Run one of pyperformance's commands on our manifest: its loader is not a public function."""
    program = Path(sys.executable).with_name("pyperformance")
    argv = [str(program), command, "--manifest", str(SUITES / "MANIFEST")]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    return done.stdout


def distribution(name: str) -> str:
    """A script's name begins with the distribution it measures."""
    return name.partition("_")[0]


def groups() -> dict[str, list[str]]:
    """Return pyperformance's groups, tags included."""
    found: dict[str, list[str]] = {}
    for line in pyperformance("list_groups").splitlines():
        if heading := re.match(r"(\S+) \(\d+\):$", line):
            found[heading[1]] = []
        elif line.startswith("- "):
            found[next(reversed(found))].append(line.removeprefix("- "))
    return found


def metadata(name: str) -> dict[str, Any]:
    return tomllib.loads(SCRIPTS[name].metafile.read_text())


def variants() -> list[Script]:
    return [one for one in SCRIPTS.values() if one.arguments]


def calls(script: Path) -> list[ast.Call]:
    tree = ast.parse(script.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_every_target_has_a_script() -> None:
    assert {distribution(name) for name in NAMES} == set(LAYERS)


def test_the_manifest_lists_exactly_the_directories() -> None:
    assert sorted(re.findall(r"^- (\S+)$", pyperformance("list"), re.MULTILINE)) == NAMES


def test_every_script_is_in_the_group_of_its_layer() -> None:
    found = groups()
    for layer in set(LAYERS.values()):
        assert found[layer] == [name for name in NAMES if LAYERS[distribution(name)] == layer]


def test_tags_reach_pyperformance() -> None:
    found = groups()
    assert found["cpu"] == NAMES
    for project in LAYERS:
        assert found[project] == [name for name in NAMES if distribution(name) == project]


def test_the_version_is_inherited() -> None:
    base = tomllib.loads((SUITES / "base.toml").read_text())
    assert base["project"]["version"]
    assert "pyperformance" in base["tool"]


@pytest.mark.parametrize("name", [name for name in NAMES if not SCRIPTS[name].arguments])
def test_metadata_agrees_with_the_directory(name: str) -> None:
    data = metadata(name)
    assert data["project"]["name"] == f"bench_bm_{name}"
    assert data["project"]["dynamic"] == ["version"]
    assert data["project"]["dependencies"] == ["pyperf", distribution(name)]
    assert data["tool"]["pyperformance"]["name"] == name
    assert data["tool"]["pyperformance"]["inherits"] == ".."


@pytest.mark.parametrize("name", [name for name in NAMES if SCRIPTS[name].arguments])
def test_a_variant_is_named_like_its_argument(name: str) -> None:
    base = SCRIPTS[name].folder.name.removeprefix("bm_")
    described = tomllib.loads(SCRIPTS[name].metafile.read_text())["tool"]["pyperformance"]
    assert described["name"] == name == f"{base}_{SCRIPTS[name].arguments[0]}"


@pytest.mark.parametrize("name", NAMES)
def test_everything_installed_is_pinned(name: str) -> None:
    lines = (SCRIPTS[name].folder / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    assert {"pyperf", distribution(name)} <= {pin.name for pin in pins}


@pytest.mark.parametrize("name", NAMES)
def test_a_script_holds_one_benchmark_named_like_its_directory(name: str) -> None:
    found = [
        call
        for call in calls(SCRIPTS[name].program)
        if isinstance(call.func, ast.Attribute) and call.func.attr.startswith(("bench_", "timeit"))
    ]
    assert len(found) == 1
    if not any(one.folder == SCRIPTS[name].folder for one in variants()):
        assert isinstance(found[0].args[0], ast.Constant)
        assert found[0].args[0].value == name
