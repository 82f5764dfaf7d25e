"""Install a revision with uv, once: environments are cached under the hash of their recipe.

On disk: `<cache>/envs/<hash>/venv` is the environment, `<hash>/inventory` lists all its files as
they were built, `<hash>/environment.json` is its record, written last: a folder without it is a
build that did not end, or an environment that was changed, and is made again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from bench.core.environment import BuildRecipe, EnvironmentRecord, ImageRecord, Provenance
from bench.core.errors import BuildError, DataError, NoPackageError
from bench.core.files import write_atomically
from bench.core.lock import exclusive
from bench.core.process import transcript
from bench.core.revision import Pair, Revision, Source
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.bytecode import compile_packages
from bench.engine.environments.installer import Installer, is_locked
from bench.engine.environments.interpreters import Interpreter, interpreter_facts
from bench.engine.environments.inventory import Inventory, differences, is_same, take
from bench.engine.environments.match import match_sources
from bench.engine.environments.provenance import (
    Installed,
    check_import,
    check_interpreter,
    check_undamaged,
    read_provenance,
    readable,
)
from bench.engine.environments.refusals import refused_package
from bench.engine.environments.sandboxed_builds import build_sandbox
from bench.engine.environments.uv import package_sources, run_uv
from bench.engine.revisions.checkout import tracked_files
from bench.engine.revisions.git import Clone
from bench.workloads.containers.engine import find_engine
from bench.workloads.containers.image import image_labels, inspect, prove_image

_RECORD = "environment.json"
_INVENTORY = "inventory"
# What this process has seen imported as it was proven: environments by the digest of their files.
_IMPORTED: set[tuple[str, ...]] = set()


@dataclass(frozen=True)
class Environment:
    """An installed revision."""

    folder: Path
    record: EnvironmentRecord

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def checkout(self) -> Path:
        """What an image was built from; there is none of other environments."""
        return self.folder / "checkout"

    @cached_property
    def inventory(self) -> Inventory:
        """Its files as they were built. Read once: what is measured could write to the cache."""
        return read_inventory(self.folder)

    def prove_again(self, own: dict[str, str], workspace: Workspace) -> None:
        """Prove that the environment is what was built, and that its module is the one imported.

        `own` are the target's variables. What this process has seen imported is imported again only
        if a file has changed, and then it is not used. Raises `BuildError` if not.
        """
        self.check_unchanged()
        seen = _seen(self.folder, self.record.digest, own)
        if self.record.image is None and seen not in _IMPORTED:
            check_import(self.venv, self.record.provenance, own, workspace)
            _IMPORTED.add(seen)

    def check_unchanged(self) -> None:
        """Raise `BuildError` if a file is not as it was built.

        Such an environment is not used again: the next run builds it anew.
        """
        if self.record.image is not None:
            self._prove_image(self.record.image)
            return
        changes = differences(self.inventory, take_inventory(self.venv, known=self.inventory))
        if changes:
            (self.folder / _RECORD).unlink(missing_ok=True)
            raise BuildError(
                f"The environment of {self.record.revision.label} has changed since it was built: "
                f"{changes}.",
                "The next run builds it anew. Something wrote into it, perhaps the program itself.",
            )

    def _prove_image(self, image: ImageRecord) -> None:
        recipe, revision = self.record.recipe, self.record.revision
        labels = image_labels(revision, recipe)
        now = prove_image(find_engine(image.engine), image, labels, recipe).provenance
        if now != self.record.provenance:
            raise BuildError(f"The image of {revision.label} has changed since it was built.")


def _seen(folder: Path, digest: str, own: Mapping[str, str]) -> tuple[str, ...]:
    return str(folder), digest, *(f"{name}={value}" for name, value in sorted(own.items()))


def cut_off(pair: Pair) -> str:
    """The one date for both sides after which no package is taken: midnight after the later one."""
    return common_cut_off((pair.base, pair.head))


def common_cut_off(revisions: Iterable[Revision]) -> str:
    """The same for any number of revisions.

    An hour is added first, since a release's files are uploaded one after the other.
    """
    dates = [datetime.fromisoformat(revision.date) for revision in revisions]
    after = max(dates) + timedelta(hours=1)
    return f"{(after + timedelta(days=1)).date().isoformat()}T00:00:00Z"


def make_recipe(
    target: Target,
    revision: Revision,
    interpreter: Interpreter,
    *,
    clone: Clone | None,
    date: str,
    constraints: tuple[str, ...] = (),
    twin: bool = False,
) -> BuildRecipe:
    """The recipe of a revision: locked where the commit has a uv.lock, by date elsewhere."""
    first, *others = [revision.distribution] if revision.distribution else target.distributions
    install = target.measured_install
    locked = clone is not None and not constraints and _is_locked(clone, revision, install.folder)
    return BuildRecipe(
        distribution=first,
        module=target.modules[0],
        source=revision.source,
        identity=revision.content,
        interpreter=str(interpreter.executable),
        dependencies="uv.lock" if locked else date,
        constraints=constraints,
        excludes=target.checkout_excludes,
        twin=twin,
        package_sources=package_sources(),
        install=install,
        date=date if install.requirements or install.build_constraints else "",
        other_distributions=tuple(others),
        other_modules=target.modules[1:],
    )


def _is_locked(clone: Clone, revision: Revision, folder: str) -> bool:
    commit = revision.identity
    return is_locked(folder, clone.tree(commit), lambda path: clone.text(commit, path))


def take_inventory(venv: Path, known: Inventory | None = None) -> Inventory:
    """All files of an environment, and its interpreter."""
    return take(venv, (venv / "bin" / "python").resolve(), known=known)


def read_inventory(folder: Path) -> Inventory:
    """The stored inventory of an environment; raises `DataError` if there is none."""
    try:
        stored = (folder / _INVENTORY).read_bytes()
        return msgspec.msgpack.decode(stored, type=Inventory)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{folder / _INVENTORY} cannot be read: {error}") from error


def cached(recipe: BuildRecipe, workspace: Workspace) -> Environment | None:
    """The environment of a recipe if it was built before and its interpreter is still there."""
    folder = workspace.environments / recipe.key
    try:
        stored = (folder / _RECORD).read_bytes()
        record = msgspec.json.decode(stored, type=EnvironmentRecord)
        made = Environment(folder, record)
        if not _is_usable(made):
            return None
    except (OSError, msgspec.DecodeError, DataError):
        return None
    (folder / _RECORD).touch()  # when it was last used, for pruning
    return made


def _is_usable(made: Environment) -> bool:
    python, image = made.venv / "bin" / "python", made.record.image
    if not python.exists():
        return False
    if image is not None:
        return inspect(find_engine(image.engine), image.identity) is not None
    if made.inventory.digest != made.record.digest:
        return False
    return is_same(python.resolve(), made.inventory)  # else the system has brought a newer one


def build(
    target: Target,
    revision: Revision,
    recipe: BuildRecipe,
    workspace: Workspace,
    clone: Clone | None = None,
) -> Environment:
    """Install a revision into the cache, or find it there.

    Raises `BuildError` with the last lines of the build; its whole output is kept in a log.
    """
    return make(
        recipe,
        workspace,
        lambda folder: _Build(target, revision, recipe, workspace, clone, folder).run(),
    )


def make(
    recipe: BuildRecipe, workspace: Workspace, how: Callable[[Path], EnvironmentRecord]
) -> Environment:
    """Find the environment of a recipe, or have its folder filled; nothing is left of a failure."""
    folder = workspace.environments / recipe.key
    with exclusive(folder.with_suffix(".lock"), wait=True):
        ready = cached(recipe, workspace)
        if ready is not None:
            return ready
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            record = how(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        write_atomically(folder / _RECORD, msgspec.json.encode(record))
        return Environment(folder, record)


@dataclass
class _Build:
    target: Target
    revision: Revision
    recipe: BuildRecipe
    workspace: Workspace
    clone: Clone | None
    folder: Path

    def __post_init__(self) -> None:
        self.checkout = self.workspace.worktrees / self.recipe.key
        self.installer = Installer(
            venv=self.folder / "venv",
            interpreter=self.recipe.interpreter,
            install=self.recipe.install,
            date=self.recipe.date or self.recipe.dependencies,
            timeout_s=self.target.build_timeout_s,
            options=("--compile-bytecode",),
        )
        self.tracked: dict[str, str] = {}
        self.started = time.monotonic()

    def run(self) -> EnvironmentRecord:
        try:
            self._check_out()
            with build_sandbox(
                self.workspace, self.recipe.interpreter, self.folder, self.checkout
            ) as inside:
                self.installer = replace(self.installer, inside=inside)
                self._install()
                return self._proving.record()
        finally:
            shutil.rmtree(self.checkout, ignore_errors=True)

    def _check_out(self) -> None:
        if self.recipe.source is not Source.PYPI:
            assert self.clone is not None
            self.clone.check_out_revision(self.revision, self.checkout, self.recipe.excludes)
            tracked = tracked_files(self.checkout)
            self.tracked = {path: blob for path, blob in tracked.items() if self._is_there(path)}

    def _install(self) -> None:
        pinned = self._pins() if self.recipe.constraints else ()
        try:
            if self.recipe.source is Source.PYPI:
                name, version = self.recipe.distribution, self.recipe.identity
                self.installer.release(name, version, *pinned)
            elif self.recipe.dependencies == "uv.lock":
                self.installer.sync(self.checkout, "--no-editable")
            else:
                self.installer.from_folder(self.checkout, *pinned)
        except BuildError as error:
            raise self._failed(error) from error

    def _pins(self) -> tuple[str, str]:
        """The option that gives uv the other side's versions."""
        file = self.folder / "constraints.txt"
        file.write_text("\n".join(self.recipe.constraints), encoding="utf-8")
        return "--constraints", str(file)

    def _is_there(self, path: str) -> bool:
        """Not left out by `checkout_excludes`."""
        return os.path.lexists(self.checkout / path)

    def _failed(self, error: BuildError) -> BuildError:
        log = (
            self.workspace.logs / f"{self.target.name}-{self.revision.label}-{self.recipe.key}.log"
        )
        write_atomically(log, transcript(self.installer.log))
        label = f"{self.target.name} {self.revision.label}"
        said = self.installer.log[-1].stderr if self.installer.log else ""
        refused = refused_package(said, self.recipe.distribution)
        if refused:
            python = interpreter_facts(Path(self.recipe.interpreter)).name
            return NoPackageError(
                f"{label} cannot be installed on Python {python}: {refused}.",
                "Choose another Python with --python, or install what building that package needs: "
                f"a compiler and the headers of this Python. {error.hint} The whole log: {log}",
            )
        return BuildError(
            f"{label} could not be built for {self.recipe.interpreter}: {error.message}",
            f"{error.hint} The whole log: {log}".strip(),
        )

    @property
    def _proving(self) -> Proving:
        return Proving(
            target=self.target,
            revision=self.revision,
            recipe=self.recipe,
            workspace=self.workspace,
            folder=self.folder,
            tracked=self.tracked,
            commands=tuple(_portable(f.command, self.workspace) for f in self.installer.log),
            started=self.started,
            inside=self.installer.inside,
        )


@dataclass(frozen=True, kw_only=True)
class Proving:
    """An environment whose files are all there, to be read and proven by the harness.

    `tracked` are blob hashes by path of what it was made from, `commands` what made it, `started`
    when (monotonic seconds); `inside` is the command of a sandbox.
    """

    target: Target
    revision: Revision
    recipe: BuildRecipe
    workspace: Workspace
    folder: Path
    tracked: Mapping[str, str]
    commands: tuple[str, ...]
    started: float
    inside: tuple[str, ...] = ()

    def record(self) -> EnvironmentRecord:
        """What is installed; the subject is asked once, and imported. Stores the inventory."""
        venv, recipe = self.folder / "venv", self.recipe
        interpreter = Path(recipe.interpreter)
        check_interpreter(venv, interpreter)
        facts = interpreter_facts(interpreter.resolve())
        compile_packages(Installed(venv).sites, facts, inside=self.inside, place=self.folder)
        with readable():
            proof = read_provenance(venv, recipe.distributions, recipe.modules, facts)
        check_import(venv, proof, self.target.env, self.workspace)
        inventory = take_inventory(venv)
        with readable():
            check_undamaged(venv, inventory)
        write_atomically(self.folder / _INVENTORY, msgspec.msgpack.encode(inventory))
        _IMPORTED.add(_seen(self.folder, inventory.digest, self.target.env))
        return self._record(proof, inventory.digest)

    def _record(self, proof: Provenance, digest: str) -> EnvironmentRecord:
        match = None
        if self.tracked:
            module = self.folder / "venv" / proof.module_file
            site = next(one for one in module.parents if one.name.endswith("-packages"))
            match = match_sources(self.tracked, module, site)
        return EnvironmentRecord(
            key=self.recipe.key,
            revision=self.revision,
            recipe=self.recipe,
            provenance=proof,
            commands=self.commands,
            uv=run_uv("--version").stdout.strip(),
            build_s=round(time.monotonic() - self.started, 2),
            digest=digest,
            source_match=match,
        )


def _portable(command: tuple[str, ...], workspace: Workspace) -> str:
    words = ["uv", *command[1:]]
    return " ".join(words).replace(str(workspace.root), ".")
