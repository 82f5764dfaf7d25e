"""Whether a changed file's place in an environment is known without building again."""

from __future__ import annotations

from typing import Any

import pytest

from bench.engine.environments.copies import (
    ChangedFile,
    NotCopiedError,
    check_build,
    check_version,
    parse_changes,
    places,
    replacements,
    version_files,
)

FLIT = {"build-system": {"build-backend": "flit_core.buildapi"}, "project": {"name": "x"}}
TREE = {"src/pkg/__init__.py": "a", "src/pkg/core.py": "b", "tests/test_core.py": "c"}


def change(path: str, old: str = "b", new: str = "n", mode: str = "100644") -> ChangedFile:
    zero = "0" * 6
    return ChangedFile(
        path=path, old=old, new=new, old_mode=mode if old else zero, new_mode=mode if new else zero
    )


@pytest.mark.parametrize(
    ("pyproject", "files", "setup", "why"),
    [
        ({"build-system": {"build-backend": "maturin"}}, (), "", "build back end is maturin"),
        (
            {"build-system": {"build-backend": "flit_core.buildapi", "backend-path": ["."]}},
            (), "", "build back end is",
        ),
        (
            {
                "build-system": {"build-backend": "hatchling.build"},
                "tool": {"hatch": {"build": {"targets": {"wheel": {"hooks": {"mypyc": {}}}}}}},
            },
            (), "", "hooks of its own",
        ),
        (FLIT, ("hatch_build.py",), "", "hooks of its own"),
        ({}, ("setup.py",), "setup(cmdclass={})", "build steps of its own"),
        ({}, ("setup.py",), "setup(ext_modules=[])", "build steps of its own"),
    ],
)  # fmt: skip
def test_builds_that_do_more_than_copy(
    pyproject: dict[str, Any], files: tuple[str, ...], setup: str, why: str
) -> None:
    with pytest.raises(NotCopiedError, match=why):
        check_build(files, pyproject, setup)


@pytest.mark.parametrize(
    "pyproject",
    [
        FLIT,
        {},
        {
            "build-system": {"build-backend": "hatchling.build"},
            "tool": {"hatch": {"build": {"hooks": {"vcs": {"version-file": "src/pkg/_v.py"}}}}},
        },
    ],
)
def test_builds_that_copy(pyproject: dict[str, Any]) -> None:
    check_build(["pkg/core.py"], pyproject, "from setuptools import setup\nsetup()")


def test_copies_are_found_wherever_the_package_lies() -> None:
    installed = {"pkg/__init__.py": "a", "pkg/core.py": "b"}
    assert places(installed, TREE, ()) == {
        "pkg/__init__.py": "src/pkg/__init__.py",
        "pkg/core.py": "src/pkg/core.py",
    }


@pytest.mark.parametrize("installed", [{"pkg/made.py": "z"}, {"pkg/core.py": "z"}])
def test_what_a_build_makes_is_no_copy(installed: dict[str, str]) -> None:
    with pytest.raises(NotCopiedError, match="is made by its build"):
        places(installed, TREE, ())


def test_version_that_a_build_writes_is_left_alone() -> None:
    hatch = {"tool": {"hatch": {"build": {"hooks": {"vcs": {"version-file": "src/pkg/_v.py"}}}}}}
    assert places({"pkg/_v.py": "z", "pkg/core.py": "b"}, TREE, version_files(hatch)) == {
        "pkg/core.py": "src/pkg/core.py"
    }
    assert version_files({"tool": {"setuptools_scm": {"write_to": "pkg/_v.py"}}}) == {"pkg/_v.py"}


def test_a_copy_that_could_be_of_two_files_has_no_place() -> None:
    doubled = TREE | {"vendored/pkg/core.py": "b"}
    placed = places({"pkg/core.py": "b"}, doubled, ())
    with pytest.raises(NotCopiedError, match=r"src/pkg/core\.py differs"):
        replacements([change("src/pkg/core.py")], placed, ".")


def test_changes_to_installed_files_and_to_tests() -> None:
    placed = places({"pkg/core.py": "b"}, TREE, ())
    changed = change("src/pkg/core.py")
    assert replacements([changed, change("tests/test_core.py")], placed, ".") == {
        "pkg/core.py": changed
    }
    inner = {"pkg/core.py": "libs/one/pkg/core.py"}
    assert replacements([change("libs/one/tests/x.py")], inner, "libs/one") == {}


@pytest.mark.parametrize(
    "changed",
    [
        change("pyproject.toml"),
        change("README.md"),
        change("src/pkg/new.py", old=""),
        change("src/pkg/core.py", new=""),
        change("hatch_hooks/build.py"),
        ChangedFile(path="src/pkg/core.py", old="b", new="n", old_mode="100644", new_mode="100755"),
        ChangedFile(path="src/pkg/core.py", old="b", new="n", old_mode="100644", new_mode="120000"),
    ],
)
def test_changes_that_need_a_build(changed: ChangedFile) -> None:
    with pytest.raises(NotCopiedError, match="differs"):
        replacements([changed], places({"pkg/core.py": "b"}, TREE, ()), ".")


@pytest.mark.parametrize(
    ("path", "old", "new", "pyproject", "setup"),
    [
        ("pkg/core.py", '__version__ = "1"\n', '__version__ = "2"\n', FLIT, ""),
        ("pkg/core.py", '__version__: str = "1"\n', "", FLIT, ""),
        ("pkg/__init__.py", '"""One."""', '"""Two."""', {"project": {"dynamic": ["version"]}}, ""),
        ("pkg/about.py", "", "x", {}, "open('pkg/about.py')"),
        (
            "pkg/about.py", "", "x",
            {"project": {"dynamic": ["version"]},
             "tool": {"hatch": {"version": {"path": "src/pkg/about.py"}}}}, "",
        ),
    ],
)  # fmt: skip
def test_files_that_metadata_are_read_from(
    path: str, old: str, new: str, pyproject: dict[str, Any], setup: str
) -> None:
    with pytest.raises(NotCopiedError):
        check_version(path, old, new, pyproject, setup)


def test_files_that_metadata_are_not_read_from() -> None:
    check_version("pkg/__init__.py", '"""One."""', '"""Two."""', FLIT, "")
    check_version("pkg/core.py", "", "x", {"project": {"dynamic": ["version"]}}, "setup()")


def test_differences_as_git_tells_them() -> None:
    zero = "0" * 40
    told = f":100644 100644 {'a' * 40} {'b' * 40} M\0one two.py\0"
    told += f":000000 120000 {zero} {'c' * 40} A\0x\0"
    one, other = parse_changes(told)
    assert (one.path, one.is_modified) == ("one two.py", True)
    assert (other.path, other.is_modified) == ("x", False)
