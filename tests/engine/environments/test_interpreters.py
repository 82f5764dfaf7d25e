"""Finding interpreters."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.sandbox import PYTHON

from bench.core.errors import UsageError
from bench.core.variants import python_order
from bench.engine.environments import interpreters
from bench.engine.environments.interpreters import (
    Interpreter,
    find_interpreter,
    find_interpreters,
)
from bench.engine.environments.refusals import in_one_line, refused_package


def test_python_of_the_tests_is_found() -> None:
    found = find_interpreter(PYTHON, fetch=False)
    assert found.version == PYTHON
    assert os.access(found.executable, os.X_OK)
    assert "shims" not in found.executable.parts


def test_python_by_its_path_is_known_by_its_version() -> None:
    """The version is a folder's name in data/: a path would lead elsewhere."""
    executable = find_interpreter(PYTHON, fetch=False).executable
    found = find_interpreter(str(executable), fetch=False)
    assert (found.version, found.executable) == (PYTHON, executable)


def test_it_is_no_virtual_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A subject's environment is made from a base interpreter, wherever the harness runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON", "2.7")
    found = find_interpreter(PYTHON, fetch=False)
    assert not (found.executable.parents[1] / "pyvenv.cfg").exists()


@pytest.mark.parametrize("version", ["3.99", "nonsense", ""])
def test_version_that_is_not_to_be_had(version: str) -> None:
    with pytest.raises(UsageError, match="is not on this machine") as raised:
        find_interpreter(version)
    assert "choose others with --python" in raised.value.hint


def test_a_pyenv_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may read everything, so a name no file can have stands in for somebody else's folder.
    monkeypatch.setenv("PYENV_ROOT", "/" + "x" * 5000)
    with pytest.raises(UsageError):
        find_interpreter("3.4", fetch=False)


def build_that_says(folder: Path, **facts: object) -> Path:
    """A stand-in for a build: it answers the harness's question, and nothing else."""
    said = {
        "python": "3.14.2",
        "implementation": "CPython",
        "compiler": "GCC",
        "library": "/nowhere",
        "cache_tag": "cpython-314",
        "magic": "00000000",
        "suffixes": [".py"],
        "free_threaded": False,
        "jit": "",
    } | facts
    folder.mkdir()
    python = folder / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\n")
    python.chmod(0o755)
    return python


def found_is(python: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have every search end at this build; the list gets what was looked for."""
    wanted: list[str] = []

    def find(version: str) -> Path:
        wanted.append(version)
        return python

    monkeypatch.setattr(interpreters, "_find", find)
    return wanted


@pytest.mark.parametrize(
    ("asked", "facts", "name"),
    [
        ("3.14", {"jit": "off"}, "3.14"),
        ("3.14", {"jit": "on"}, "3.14+jit"),
        ("3.14+jit", {"jit": "off"}, "3.14+jit"),
        ("3.14t", {"free_threaded": True}, "3.14t"),
        ("/opt/python/bin/python3", {"free_threaded": True, "jit": "on"}, "3.14t+jit"),
        ("/opt/pypy/bin/pypy3", {"implementation": "PyPy"}, "pypy3.14"),
    ],
)
def test_variants_go_by_names_of_their_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    facts: dict[str, object],
    name: str,
) -> None:
    """The name is a folder in data/: two variants of a version never share one."""
    looked_for = found_is(build_that_says(tmp_path / "build", **facts), monkeypatch)
    found = find_interpreter(asked)
    assert found.version == name
    assert looked_for == [asked.removesuffix("+jit")]
    assert found.variables == ({"PYTHON_JIT": "1"} if asked.endswith("+jit") else {})


def test_a_jit_that_a_build_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found_is(build_that_says(tmp_path / "build"), monkeypatch)
    with pytest.raises(UsageError, match=r"Python 3.14 \(.*\) was built without a JIT"):
        find_interpreter("3.14+jit")


def test_a_usual_build_is_asked_for_by_name() -> None:
    """For uv, a free-threaded 3.14 is a 3.14 if there is no other."""
    wanted = {"3.14": "3.14+gil", "3.12": "3.12", "3.14t": "3.14t", "/usr/python": "/usr/python"}
    assert {one: interpreters._request(one) for one in wanted} == wanted


def test_folders_of_pyenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("3.14.0", "3.14.9", "3.14.10", "3.14.1t", "3.13.7"):
        (tmp_path / "versions" / name).mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    names = [Path(one).parent.name for one in interpreters._pyenv_folders("3.14")]
    assert names == ["3.14.10", "3.14.9", "3.14.0"]
    assert [Path(one).parent.name for one in interpreters._pyenv_folders("3.14t")] == ["3.14.1t"]


def test_all_leaves_out_what_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(version: str) -> Interpreter:
        if version in {"3.13", "3.15"}:
            raise UsageError(f"Python {version} is not on this machine")
        return Interpreter(version, Path("python"))

    monkeypatch.setattr(interpreters, "find_interpreter", find)
    said: list[str] = []

    def found(asked: list[str] | None) -> dict[str, bool]:
        said.clear()
        among = find_interpreters(asked, ["3.12", "3.13"], said.append, ["3.14", "3.15"])
        return {one.version: one.required for one in among}

    assert found(None) == {"3.12": False}
    assert said == ["left out: Python 3.13 is not on this machine"]
    assert found(["all"]) == {"3.12": False, "3.14": False}
    assert len(said) == 2
    assert found(["3.14", "all"]) == {"3.14": True, "3.12": False}
    with pytest.raises(UsageError):
        found(["all", "3.15"])


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (
            "   Building lxml==6.1.1\n   Building tree-sitter==0.25.2\n      Built lxml==6.1.1\n"
            "   Building libcst==1.8.6\nerror: Failed to build `libcst==1.8.6`\n  cause: …",
            "libcst 1.8.6 has no wheel for it and could not be built from its sources; without a "
            "wheel too: tree-sitter 0.25.2",
        ),
        ("error: Failed to build `Sample_Project==1.0.0`", ""),
        ("error: Failed to build `sample-project @ file:///somewhere`", ""),
        (
            "  cause: Because onnxruntime==1.20.0 has no wheels with a matching Python ABI tag "
            "(e.g., `cp315`) and you require onnxruntime==1.20.0, we can conclude …",
            "onnxruntime 1.20.0 has no wheel for it",
        ),
        (
            "error: Distribution `torch==2.2.0 @ registry+https://pypi.org/simple` can't be "
            "installed because it doesn't have a source distribution or wheel for …",
            "torch 2.2.0 has neither a wheel for it nor sources",
        ),
        (
            "Because the current Python version (3.15.2) does not satisfy Python<3.13 and "
            "scipy==1.11.0 depends on Python<3.13, we can conclude …",
            "scipy 1.11.0 needs Python<3.13",
        ),
        ("error: sending request for url", ""),
    ],
)
def test_a_package_that_cannot_be_had_is_named(said: str, refused: str) -> None:
    assert refused_package(said, "sample-project") == refused


def test_order_of_pythons() -> None:
    names = ["pypy3.11", "3.9", "3.13", "3.14", "3.14+jit", "3.14t", "3.14t+jit", "3.15"]
    assert sorted(sorted(names), key=python_order) == names


def test_a_failed_build_on_one_line() -> None:
    said = """sample could not be built: uv pip install /a/path: exit status 1
error: Failed to build `sample @ file:///a/path`
  cause: The build backend returned an error
  cause: Call to `backend.build_wheel` failed (exit status: 1)

         [stdout]
         compiling

         [stderr]
         a warning
         no plutonium left

hint: Build failures usually indicate a problem with the package"""
    expected = "Call to `backend.build_wheel` failed (exit status: 1): no plutonium left"
    assert in_one_line(said) == expected
    assert in_one_line("The interpreter\ndoes not work.") == "The interpreter does not work."
