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
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.errors import BuildError
from bench.core.files import write_atomically
from bench.core.installation import Installation
from bench.core.lock import exclusive
from bench.core.process import transcript
from bench.core.scratch import TESTS_PREFIX, scratch_folder
from bench.core.target import OwnTests, Target
from bench.core.workspace import Workspace
from bench.engine.environments.installer import Installer
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.provenance import check_interpreter
from bench.engine.environments.sandboxed_builds import build_sandbox
from bench.engine.sources.trees import Sources

_RECORD = "environment.json"
_VERSION = 4
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
    install: Installation
    kind: str = "tests"
    version: int = _VERSION

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, as for measured environments."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


class SuiteEnvironment(msgspec.Struct, frozen=True):
    """What is known of a test environment. `editable`: it runs the files of the checkout."""

    key: str
    recipe: SuiteRecipe
    commands: tuple[str, ...]
    build_s: float
    editable: bool


def make_suite_recipe(
    target: Target, tests: OwnTests, sources: Sources, interpreter: Interpreter, date: str
) -> SuiteRecipe:
    """Locked where the source tree has a uv.lock; `date` is the pair's, the same for both sides."""
    install = target.install.with_tests(
        sources.project,
        extras=tests.extras,
        groups=tests.groups,
        requirements=tests.requirements,
    )
    dated = install.requirements or install.build_constraints or not sources.is_locked
    return SuiteRecipe(
        sources=sources.identity,
        interpreter=str(interpreter.executable),
        locked=sources.is_locked,
        date=date if dated else "",
        install=install,
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
            shutil.copytree(folder / "pristine", checkout, symlinks=True, ignore=_pipes)
            yield checkout
        finally:
            shutil.rmtree(checkout, ignore_errors=True)


def _pipes(folder: str, names: list[str]) -> list[str]:
    """What a build left that is no file: pipes, sockets. Copying one would never end."""
    modes = {name: os.lstat(f"{folder}/{name}").st_mode for name in names}
    plain = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
    return [name for name, mode in modes.items() if not any(one(mode) for one in plain)]


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


def is_editable(folder: Path) -> bool:
    """Whether the tests of an environment see what is written into its checkout."""
    stored = (folder / _RECORD).read_bytes()
    return msgspec.json.decode(stored, type=SuiteEnvironment).editable


@dataclass(frozen=True)
class _CheckoutBuild:
    recipe: SuiteRecipe
    checkout: Path
    folder: Path
    timeout_s: float

    def run(self, workspace: Workspace) -> SuiteEnvironment:
        with build_sandbox(
            workspace, self.recipe.interpreter, self.folder, self.checkout
        ) as inside:
            return self._run(workspace, inside)

    def _run(self, workspace: Workspace, inside: tuple[str, ...]) -> SuiteEnvironment:
        started = time.monotonic()
        installer = Installer(
            venv=self.folder / "venv",
            interpreter=self.recipe.interpreter,
            install=self.recipe.install,
            date=self.recipe.date,
            timeout_s=self.timeout_s,
            inside=inside,
        )
        editable = True
        try:
            try:
                self._install_with(installer, editable=True)
            except BuildError:  # the project's build backend may know no editable installs
                editable = False
                self._install_with(installer, editable=False)
            check_interpreter(installer.venv, Path(self.recipe.interpreter))
        except BuildError:
            file = workspace.logs / f"tests-{self.recipe.key}.log"
            write_atomically(file, transcript(installer.log))
            raise
        commands = tuple(" ".join(("uv", *one.command[1:])) for one in installer.log)
        took_s = round(time.monotonic() - started, 2)
        return SuiteEnvironment(self.recipe.key, self.recipe, commands, took_s, editable)

    def _install_with(self, installer: Installer, *, editable: bool) -> None:
        shutil.rmtree(installer.venv, ignore_errors=True)
        if self.recipe.locked:
            installer.sync(self.checkout, *(() if editable else ("--no-editable",)))
        else:
            installer.from_folder(self.checkout, *(("--editable",) if editable else ()))
