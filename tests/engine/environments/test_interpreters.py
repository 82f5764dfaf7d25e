"""Finding interpreters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.sandbox import PYTHON

from bench.core.errors import UsageError
from bench.engine.environments.interpreters import find_interpreter


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
