"""Install a project with uv: what is measured and what is tested alike."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.utils import canonicalize_name

from bench.core.errors import BuildError
from bench.core.files import read_plain, write_atomically
from bench.core.installation import Installation
from bench.core.process import Finished
from bench.engine.environments.uv import run_uv_anywhere

_MOST_BYTES = 16 << 20
_ANY_DATE = "2100-01-01T00:00:00Z"
_NOWHERE = Path("/")  # uv reads settings from the working directory's project, whoever's that is
_BUILDING = ("build backend", "`exclude-newer`", "build-system.requires", "setup.py")
_BACK_END = (
    "Build back ends are the newest before the same date as all packages. `build_constraints` in "
    '[install] of the target\'s file chooses others, such as ["setuptools<70", "wheel<1"].'
)


def is_locked(folder: str, files: Collection[str], read: Callable[[str], str]) -> bool:
    """Whether a uv.lock decides about the project in a folder of a source tree.

    Its own, or that of a workspace above that names the folder as a member.
    """
    place = PurePosixPath(folder)
    if _lock_in(place) in files:
        return True
    for above in place.parents:
        lock, member = _lock_in(above), re.escape(str(place.relative_to(above)))
        if lock in files:
            return re.search(rf'(editable|virtual|directory) = "{member}"', read(lock)) is not None
    return False


def _lock_in(folder: PurePosixPath) -> str:
    return str(folder / "uv.lock")


@dataclass(frozen=True, kw_only=True)
class Installer:
    """Fills one virtual environment; `log` has what uv said. Every step raises `BuildError`.

    `date` is the day after which no package is taken, where no lock decides; `inside` the command
    of a sandbox that uv runs in.
    """

    venv: Path
    interpreter: str
    install: Installation
    date: str
    timeout_s: float
    options: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    log: list[Finished] = field(default_factory=list)

    def sync(self, checkout: Path, *how: str) -> None:
        """Install the project of a checkout as its uv.lock says, then `requirements`."""
        folder, apart = self._folder(checkout), self.install.build_constraints
        # uv sync has no option for what builds may use: the project is then installed by itself.
        without = ["--no-install-project"] if apart else []
        chosen = [f"--extra={one}" for one in self._extras(folder)]
        chosen += [f"--group={one}" for one in self._groups(folder)]
        self._uv(
            "sync", "--frozen", "--no-default-groups", *how, *self.options, *without, *chosen,
            "--python", self.interpreter,
            cwd=folder, env={"UV_PROJECT_ENVIRONMENT": str(self.venv)},
        )  # fmt: skip
        if apart:
            editable = () if "--no-editable" in how else ("--editable",)
            self._pip("--no-deps", *editable, str(folder))
        if self.install.requirements:
            self._pip(*self.install.requirements)

    def from_folder(self, checkout: Path, *how: str) -> None:
        """Install the project of a checkout with the newest packages before the date."""
        folder = self._folder(checkout)
        extras = ",".join(self._extras(folder))
        project = f"{folder}[{extras}]" if extras else str(folder)
        groups = [f"--group={folder / 'pyproject.toml'}:{one}" for one in self._groups(folder)]
        self._new()
        self._pip(*how, project, *groups, *self.install.requirements)

    def release(self, distribution: str, version: str, *how: str) -> None:
        """Install a release with the newest packages before the date."""
        if self.install.groups:
            raise BuildError(
                f"{distribution} {version} is a release, which has no dependency groups.",
                "In [install] use `extras` or `requirements`, or name commits (git:TAG).",
            )
        extras = ",".join(self.install.extras)
        name = f"{distribution}[{extras}]" if extras else distribution
        self._new()
        self._pip(*how, f"{name}=={version}", *self.install.requirements)

    def _new(self) -> None:
        self._uv("venv", "--no-project", "--python", self.interpreter, str(self.venv))

    def _pip(self, *what: str) -> None:
        limits = []
        if self.install.build_constraints:
            file = self.venv.parent / "build-constraints.txt"
            write_atomically(file, "\n".join(self.install.build_constraints))  # may be a link
            limits = ["--build-constraints", str(file)]
            for name in self.install.constrained:
                limits += ["--exclude-newer-package", f"{name}={_ANY_DATE}"]
        self._uv(
            "pip", "install", "--python", str(self.venv / "bin" / "python"), *self.options,
            "--exclude-newer", self.date, *limits, *what,
        )  # fmt: skip

    def _uv(self, *arguments: str, cwd: Path = _NOWHERE, env: dict[str, str] | None = None) -> None:
        finished = run_uv_anywhere(
            *arguments, cwd=cwd, env=env, timeout_s=self.timeout_s, inside=self.inside
        )
        self.log.append(finished)
        if not finished.ok:
            hint = _BACK_END if any(sign in finished.stderr for sign in _BUILDING) else ""
            raise BuildError(f"{finished.describe()}\n{finished.last_lines()}", hint)

    def _folder(self, checkout: Path) -> Path:
        folder = checkout / self.install.folder
        if not folder.is_dir():
            raise BuildError(
                f"This revision has no folder {self.install.folder}.",
                "`subfolder` in [install] of the target's file is where the project lies.",
            )
        return folder

    def _groups(self, folder: Path) -> list[str]:
        return _known(self.install.groups, _pyproject(folder).get("dependency-groups", {}))

    def _extras(self, folder: Path) -> list[str]:
        project = _pyproject(folder).get("project")
        if project is None or "optional-dependencies" in project.get("dynamic", ()):
            return list(self.install.extras)  # setup.py or setup.cfg says which there are
        return _known(self.install.extras, project.get("optional-dependencies", {}))


def _pyproject(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(
            read_plain((folder / "pyproject.toml").resolve(), _MOST_BYTES).decode()
        )
    except (OSError, ValueError):
        return {}


def _known(wanted: tuple[str, ...], declared: Collection[str]) -> list[str]:
    """Those of the target's groups or extras that this revision has."""
    names = {canonicalize_name(name) for name in declared}
    return [name for name in wanted if canonicalize_name(name) in names]
