"""Environments with a revision and what its tests need: cached beside those that are measured.

Never measured and never mixed with the measured ones: pytest and its plugins would be on both
sides' paths. The project is installed as its authors test it, editable (`uv sync`'s default), where
its build backend can do that: codeflash has tests that fail otherwise. An editable install points
to one path, and tests edit tracked files; so the source tree as it was after the build is kept, and
each run gets a fresh copy of it at that path.

On disk `<cache>/envs/<hash>/`: `venv`, `pristine` (the kept tree), `checkout` (while tests run) and
`environment.json`, written last; pruning treats both kinds of environment alike.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from bench.core.errors import BuildError
from bench.core.files import write_atomically
from bench.core.lock import exclusive
from bench.core.process import Finished
from bench.core.scratch import TESTS_PREFIX, scratch_folder
from bench.core.target import OwnTests
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.uv import run_uv_anywhere
from bench.engine.testgate.sources import Sources

_RECORD = "environment.json"
_VERSION = 2
# Stops pytest from looking for settings in the folders above, which are this project's own.
_NO_SETTINGS = "[pytest]\n"


class SuiteRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a test environment's content follows from.

    `date` is the day after which no package is taken; "" where uv.lock decides about all of them.
    """

    sources: str
    interpreter: str
    locked: bool
    date: str
    groups: tuple[str, ...]
    extras: tuple[str, ...]
    requirements: tuple[str, ...]
    kind: str = "tests"
    version: int = _VERSION

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, as for measured environments."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


class SuiteEnvironment(msgspec.Struct, frozen=True):
    """What is known of a test environment."""

    key: str
    recipe: SuiteRecipe
    commands: tuple[str, ...]
    build_s: float


def make_suite_recipe(
    tests: OwnTests, sources: Sources, interpreter: Interpreter, date: str
) -> SuiteRecipe:
    """Locked where the source tree has a uv.lock; `date` is the pair's, the same for both sides."""
    locked = "uv.lock" in sources.files
    return SuiteRecipe(
        sources=sources.identity,
        interpreter=str(interpreter.executable),
        locked=locked,
        date="" if locked and not tests.requirements else date,
        groups=tests.groups,
        extras=tests.extras,
        requirements=tests.requirements,
    )


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """A folder for the home of tests and what they leave there."""
    with scratch_folder(Path(tempfile.gettempdir()), TESTS_PREFIX) as folder:
        yield folder


@contextmanager
def fresh_checkout(folder: Path) -> Iterator[Path]:
    """The source tree of an environment as it was built; one run at a time has it."""
    checkout = folder / "checkout"
    with exclusive(folder / "checkout.lock", wait=True):
        shutil.rmtree(checkout, ignore_errors=True)
        try:
            shutil.copytree(folder / "pristine", checkout, symlinks=True)
            yield checkout
        finally:
            shutil.rmtree(checkout, ignore_errors=True)


def build_suite_environment(
    recipe: SuiteRecipe,
    sources: Sources,
    workspace: Workspace,
    *,
    timeout_s: float,
    announce: Callable[[str], None],
) -> Path:
    """The folder of a recipe's environment, built now or found in the cache.

    Raises `BuildError` with the last lines of what failed; the whole output is kept in a log.
    """
    folder = workspace.environments / recipe.key
    with exclusive(folder.with_suffix(".lock"), wait=True):
        record = folder / _RECORD
        if record.is_file():
            record.touch()  # when it was last used, for pruning
            return folder
        announce(f"building a test environment from {sources.description}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            checkout = folder / "checkout"
            sources.put(checkout)
            made = _CheckoutBuild(recipe, checkout, folder, timeout_s).run(workspace)
            checkout.rename(folder / "pristine")
            (folder / "pytest.ini").write_text(_NO_SETTINGS, encoding="utf-8")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        write_atomically(record, msgspec.json.encode(made))
    return folder


@dataclass
class _CheckoutBuild:
    recipe: SuiteRecipe
    checkout: Path
    folder: Path
    timeout_s: float
    log: list[Finished] = field(default_factory=list)

    def run(self, workspace: Workspace) -> SuiteEnvironment:
        started = time.monotonic()
        try:
            try:
                self._install_all(editable=True)
            except BuildError:  # the project's build backend may know no editable installs
                self._install_all(editable=False)
        except BuildError:
            file = workspace.logs / f"tests-{self.recipe.key}.log"
            text = "\n".join(f"$ {one.describe()}\n{one.stdout}{one.stderr}" for one in self.log)
            write_atomically(file, text)
            raise
        commands = tuple(" ".join(("uv", *one.command[1:])) for one in self.log)
        took_s = round(time.monotonic() - started, 2)
        return SuiteEnvironment(self.recipe.key, self.recipe, commands, took_s)

    def _install_all(self, *, editable: bool) -> None:
        shutil.rmtree(self._venv, ignore_errors=True)
        if self.recipe.locked:
            self._sync(() if editable else ("--no-editable",))
            self._install(*self.recipe.requirements)
            return
        self._uv("venv", "--no-project", "--python", self.recipe.interpreter, self._venv)
        project = ("--editable", self._project()) if editable else (self._project(),)
        self._install(*project, *self._groups_as_options(), *self.recipe.requirements)

    @property
    def _venv(self) -> str:
        return str(self.folder / "venv")

    def _sync(self, how: tuple[str, ...]) -> None:
        groups = [f"--group={group}" for group in self._groups()]
        extras = [f"--extra={extra}" for extra in self._extras()]
        self._uv(
            "sync", "--frozen", "--no-default-groups", *how, *groups, *extras,
            "--python", self.recipe.interpreter, env={"UV_PROJECT_ENVIRONMENT": self._venv},
        )  # fmt: skip

    def _install(self, *requirements: str) -> None:
        if requirements:
            self._uv(
                "pip", "install", "--python", f"{self._venv}/bin/python",
                "--exclude-newer", self.recipe.date, *requirements,
            )  # fmt: skip

    def _project(self) -> str:
        extras = ",".join(self._extras())
        return f"{self.checkout}[{extras}]" if extras else str(self.checkout)

    def _groups_as_options(self) -> list[str]:
        return [f"--group={self.checkout / 'pyproject.toml'}:{one}" for one in self._groups()]

    def _groups(self) -> list[str]:
        return self._declared(self.recipe.groups, "dependency-groups")

    def _extras(self) -> list[str]:
        return self._declared(self.recipe.extras, "project", "optional-dependencies")

    def _declared(self, wanted: tuple[str, ...], *path: str) -> list[str]:
        """Those of the target's groups or extras that this revision has."""
        try:
            table = tomllib.loads((self.checkout / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        for key in path:
            table = table.get(key, {})
        names = {canonicalize_name(name) for name in table}
        return [name for name in wanted if canonicalize_name(name) in names]

    def _uv(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        finished = run_uv_anywhere(*arguments, cwd=self.checkout, env=env, timeout_s=self.timeout_s)
        self.log.append(finished)
        if not finished.ok:
            raise BuildError(f"{finished.describe()}\n{finished.last_lines()}")
