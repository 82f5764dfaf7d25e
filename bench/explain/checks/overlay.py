"""Copies of a revision's own package, one as it is and one rewritten, put before the installed one.

Both sides of a counterfactual run from a copy, so that only the rewriting tells them apart.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.core.errors import BuildError
from bench.engine.environments.build import Environment
from bench.engine.environments.bytecode import compile_files
from bench.engine.measure.client import Invocation


@dataclass(frozen=True)
class Overlay:
    """A folder that goes before the environment's own on the module search path."""

    folder: Path

    def over(self, invocation: Invocation) -> Invocation:
        """The same process with the overlay's modules."""
        return replace(invocation, env={**invocation.env, **with_path(invocation, self.folder)})


def own_folders(environment: Environment, own: frozenset[str]) -> tuple[Path, ...]:
    """Where the project's own packages lie: folders, or single files."""
    found = []
    for site in sorted(environment.venv.glob("lib/python*/site-packages")):
        for name in sorted(own):
            found += [path for path in (site / name, site / f"{name}.py") if path.exists()]
    return tuple(found)


def make_overlay(
    environment: Environment, own: tuple[Path, ...], texts: Mapping[Path, str], folder: Path
) -> Overlay:
    """Copy the own packages with some files' texts replaced; raises `BuildError`.

    Compiled files are copied with their sources' dates, so that they stay valid.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in own:
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy2(path, folder / path.name)
    # Also files that stay as they are: what was installed may have no compiled file for them.
    files = []
    for path, text in texts.items():
        file = folder / path.relative_to(own[0].parent)
        file.write_bytes(text.encode("utf-8"))
        files.append(file)
    compiled = compile_files((environment.venv / "bin" / "python").resolve(), files)
    if compiled and not compiled.ok:
        raise BuildError(f"A rewritten module can't be compiled:\n{compiled.last_lines(3)}")
    return Overlay(folder)


def with_path(invocation: Invocation, folder: Path) -> dict[str, str]:
    """PYTHONPATH with a folder put in front."""
    rest = invocation.env.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), rest)))}
