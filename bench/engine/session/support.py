"""Packages beside the subject's environment instead of in it: pyperf for scripts, memray."""

from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path

from bench.core.errors import BuildError
from bench.core.lock import exclusive
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.uv import run_uv_anywhere


def pyperf_folder(interpreter: Interpreter, workspace: Workspace) -> Path:
    """A folder for PYTHONPATH with the pyperf this project pins; made once for each Python.

    Raises `BuildError` when it can't be installed.
    """
    return support_folder("pyperf", importlib.metadata.version("pyperf"), interpreter, workspace)


def support_folder(
    package: str, version: str, interpreter: Interpreter, workspace: Workspace
) -> Path:
    """The same with any package, without what that needs itself. Raises `BuildError`."""
    folder = workspace.cache / "support" / f"{package}-{version}-py{interpreter.version}"
    with exclusive(folder.with_suffix(".lock"), wait=True):
        if folder.is_dir():
            return folder
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        installed = run_uv_anywhere(
            "pip", "install", "--no-deps", "--compile-bytecode", "--target", partial,
            "--python", interpreter.executable, f"{package}=={version}",
        )  # fmt: skip
        if not installed.ok:
            raise BuildError(
                f"{package} {version} could not be installed:\n{installed.last_lines()}"
            )
        partial.rename(folder)
    return folder
