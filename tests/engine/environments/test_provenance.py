"""The proof of which files an environment imports."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.building import build_pair
from support.sandbox import Sandbox

from bench.core.errors import BuildError
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.provenance import prove


@pytest.fixture
def built(own_cache: Sandbox, interpreter: Interpreter) -> Environment:
    """An environment this test may damage."""
    return build_pair(own_cache, interpreter, "v1.0.0..v1.0.0").base


def packages(environment: Environment) -> Path:
    (folder,) = environment.venv.glob("lib/*/site-packages")
    return folder


def test_untouched_environment_is_proven_again(built: Environment) -> None:
    built.prove_again({})


def test_changed_file_is_found(built: Environment) -> None:
    file = packages(built) / "sample" / "behaviour.py"
    content = file.read_text(encoding="utf-8")
    file.unlink()  # it may be a hard link into uv's cache
    file.write_text(content.replace("UNITS = 1", "UNITS = 9"), encoding="utf-8")
    with pytest.raises(BuildError, match=r"changed after they were installed.*behaviour\.py"):
        built.prove_again({})


def test_missing_file_is_found(built: Environment) -> None:
    (packages(built) / "sample" / "extra.py").unlink()
    with pytest.raises(BuildError, match=r"extra\.py"):
        built.prove_again({})


def test_added_package_is_found(built: Environment) -> None:
    info = packages(built) / "smuggled-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: smuggled\nVersion: 1.0\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"has changed since it was built \(packages"):
        built.prove_again({})


def test_path_file_that_redirects_the_import_is_found(built: Environment, tmp_path: Path) -> None:
    """As an editable installation does it."""
    elsewhere = tmp_path / "elsewhere" / "sample"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").touch()
    line = f"import sys; sys.path.insert(0, {str(elsewhere.parent)!r})\n"
    (packages(built) / "zzz.pth").write_text(line, encoding="utf-8")
    with pytest.raises(BuildError, match="which is outside"):
        built.prove_again({})


def test_module_in_the_working_directory_is_not_imported(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = tmp_path / "sample.py"
    shadow.write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    (built.folder / "sample.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    built.prove_again({})


def test_variables_that_would_redirect_are_seen(built: Environment, tmp_path: Path) -> None:
    """A target's own variables may do much, but not import another copy unnoticed."""
    (tmp_path / "sample.py").touch()
    with pytest.raises(BuildError, match="which is outside"):
        built.prove_again({"PYTHONPATH": str(tmp_path)})
    with pytest.raises(BuildError, match="PYTHONSAFEPATH or PYTHONNOUSERSITE"):
        built.prove_again({"PYTHONSAFEPATH": ""})


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "import os; os._exit(0)", "1 / 0"])
def test_module_that_ends_the_interpreter(built: Environment, source: str) -> None:
    (packages(built) / "quitter.py").write_text(f"{source}\n", encoding="utf-8")
    with pytest.raises(BuildError, match="'quitter' can't be imported"):
        prove(built.venv, "sample-project", "quitter", {})


def test_module_that_prints_while_it_is_imported(built: Environment) -> None:
    source = "import atexit\nprint('hello')\natexit.register(print, 'bye')\n"
    (packages(built) / "chatty.py").write_text(source, encoding="utf-8")
    assert prove(built.venv, "sample-project", "chatty", {}).version == "1.0.0"


def test_namespace_package(built: Environment) -> None:
    """A package without `__init__.py` has no file of its own; a module in it has."""
    (packages(built) / "space").mkdir()
    (packages(built) / "space" / "inner.py").touch()
    assert prove(built.venv, "sample-project", "space.inner", {}).module_file
    with pytest.raises(BuildError):
        prove(built.venv, "sample-project", "space", {})


def test_distribution_that_is_not_installed(built: Environment) -> None:
    with pytest.raises(BuildError, match="PackageNotFoundError"):
        prove(built.venv, "sample-projekt", "sample", {})
