"""What is measured of a project that no file declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import UsageError
from bench.core.target import Target, parse_target
from bench.engine.projects.layout import Package, find_package
from bench.engine.projects.metadata import Metadata
from bench.engine.projects.proposal import ReadProject, propose

TOOL = Package("tool", "src/tool", "named like the project", ("tool.large", "tool.small"))


def proposed(
    *, package: Package = TOOL, is_here: tuple[str, ...] = (), clone: str = "", **said: object
) -> Target:
    metadata = Metadata(**({"name": "Tool", "source": "pyproject.toml"} | said))  # type: ignore[arg-type]
    project = ReadProject(metadata=metadata, package=package, clone=clone)
    return parse_target(propose(project, is_here=lambda one: one in is_here).text)


def names(target: Target) -> list[str]:
    return [one.name for one in target.benchmark]


def test_commands_and_the_modules_they_start_in() -> None:
    target = proposed(
        scripts={"other": "tool.other:main", "Tool": "tool.cli:main", "also": "tool.cli:main"}
    )
    assert names(target) == [
        "tool-version", "tool-help", "other-version", "other-help", "import-tool",
        "import-tool.cli", "import-tool.other",
    ]  # fmt: skip
    assert target.benchmark[0].command == ("Tool", "--version")


def test_no_more_than_a_few() -> None:
    target = proposed(scripts={f"s{number}": f"tool.s{number}:main" for number in range(40)})
    assert len(target.benchmark) == 10


def test_without_commands_the_largest_modules() -> None:
    assert names(proposed()) == ["import-tool", "import-tool.large", "import-tool.small"]


def test_a_name_that_no_file_can_have() -> None:
    assert proposed().name == "tool@project"
    assert proposed().is_read


def test_the_file_has_the_plain_name_and_says_the_same() -> None:
    project = ReadProject(metadata=Metadata(name="My.Tool", source="setup.py"), package=TOOL)
    read, declared = propose(project).text, propose(project, declared=True).text
    assert parse_target(declared).name == "my-tool"
    assert declared.replace('"my-tool"', '"my-tool@project"') == read


@pytest.mark.parametrize(
    ("wanted", "here", "python"),
    [
        ("", (), "3.13"), (">=3.9", ("3.12", "3.14"), "3.12"), (">=3.14", ("3.13",), "3.14"),
        ("<3.12", (), "3.11"), (">=3.13.2", (), "3.13"), ("nonsense", (), "3.13"),
    ],
)  # fmt: skip
def test_python(wanted: str, here: tuple[str, ...], python: str) -> None:
    target = proposed(requires_python=wanted, is_here=here)
    assert target.pythons == (python,)
    assert python not in target.more_pythons


def test_no_python() -> None:
    with pytest.raises(UsageError, match=r"Tool requires Python <3\.5, which is none of 3\.9"):
        proposed(requires_python="<3.5")


def test_strange_words_do_not_break_the_text() -> None:
    target = proposed(
        scripts={'a "b"\n': "tool:x"}, clone='/a "path"\\with\x7f', requires_python=">3\n[x]"
    )
    assert target.clone == '/a "path"\\with\x7f'
    assert target.benchmark[0].command == ('a "b"\n', "--version")
    assert target.benchmark[0].name == "a--b---version"


LAYOUTS: dict[str, tuple[str, dict[str, object], str, str]] = {
    "src": ("src/my_tool/__init__.py", {}, "my_tool", "src/my_tool"),
    "flat": ("my_tool/__init__.py tests/__init__.py", {}, "my_tool", "my_tool"),
    "one file": ("my_tool.py", {}, "my_tool", "my_tool"),
    "namespace": ("src/my/tool/__init__.py", {}, "my.tool", "src/my/tool"),
    "other name": (
        "lib/yaml/__init__.py lib/_yaml/__init__.py",
        {"packages": ("yaml", "_yaml")}, "yaml", "lib/yaml",
    ),
    "path": ("code/tool/__init__.py", {"packages": ("code/tool",)}, "tool", "code/tool"),
    "of its scripts": (
        "aa/__init__.py zz/__init__.py", {"scripts": {"x": "zz.cli:main"}}, "zz", "zz"
    ),
    "largest": (
        "tests/__init__.py tests/a.py tests/b.py aa/__init__.py bb/__init__.py bb/c.py",
        {}, "bb", "bb",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_where_the_package_lies(tmp_path: Path, layout: str) -> None:
    files, said, module, path = LAYOUTS[layout]
    for name in files.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_package(tmp_path, Metadata(name="My-Tool", **said))  # type: ignore[arg-type]
    assert found is not None
    assert (found.module, found.path) == (module, path)


def test_no_package(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    assert find_package(tmp_path, Metadata(name="My-Tool")) is None
