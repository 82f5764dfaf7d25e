"""The two environments of a pair for one Python."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from bench.core.environment import BuildRecipe
from bench.core.errors import UsageError
from bench.core.options import PACKAGES
from bench.core.revision import Pair, Revision, Source
from bench.core.sample import Side
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment, build, cached, cut_off, make_recipe
from bench.engine.environments.copies import NotCopiedError
from bench.engine.environments.dependencies import DependencyChange, changed_packages
from bench.engine.environments.image import ImageBuild, image_recipe
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.replacing import Replacing
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_of
from bench.workloads.containers.engine import find_engine


class Dependencies(enum.StrEnum):
    """Whose third-party versions are installed: each side its own, or one side's for both.

    PACKAGES is base's code on both sides, with its own packages and with those of head.
    """

    OWN = "own"
    BASE = "base"
    HEAD = "head"
    PACKAGES = PACKAGES


@dataclass(frozen=True)
class Environments:
    """Both sides, installed and proven."""

    base: Environment
    head: Environment

    def side(self, side: Side) -> Environment:
        """The environment of one side."""
        return self.base if side is Side.BASE else self.head

    @property
    def dependency_changes(self) -> tuple[DependencyChange, ...]:
        """Third-party packages that differ between the sides."""
        return changed_packages(self.base.record, self.head.record)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes the environments of one pair; `announce` hears of every build that really happens.

    `date` is the day after which no package is taken; by default it follows from the pair.
    """

    target: Target
    pair: Pair
    workspace: Workspace
    announce: Callable[[str], None]
    repo: Path | None = None
    dependencies: Dependencies = Dependencies.OWN
    date: str = ""

    def build(self, interpreter: Interpreter) -> Environments:
        """Install both sides for one Python; raises `BuildError`."""
        if self.dependencies is Dependencies.HEAD:
            head = self._one(Side.HEAD, interpreter)
            return Environments(self._one(Side.BASE, interpreter, self._pins(head)), head)
        if self.dependencies is Dependencies.PACKAGES:
            pins = self._pins(self._one(Side.HEAD, interpreter))
            base = self._one(Side.BASE, interpreter)
            return Environments(base, self._one(Side.BASE, interpreter, pins))
        base = self._one(Side.BASE, interpreter)
        pins = self._pins(base) if self.dependencies is Dependencies.BASE else ()
        return Environments(base, self._one(Side.HEAD, interpreter, pins))

    def build_side(self, side: Side, interpreter: Interpreter) -> Environment:
        """Install one side with its own dependencies; raises `BuildError`."""
        return self._one(side, interpreter)

    def build_one(self, interpreter: Interpreter) -> Environment:
        """Install the base alone; raises `BuildError`."""
        return self._one(Side.BASE, interpreter)

    @property
    def head_follows_base(self) -> bool:
        """Whether head is a working tree that was changed from base."""
        return self.pair.head.parent == self.pair.base.identity

    def is_cached(self, interpreter: Interpreter) -> bool:
        """Whether both sides' environments are there already (own dependencies)."""
        return all(self.has(side, interpreter) for side in Side)

    def has(self, side: Side, interpreter: Interpreter) -> bool:
        """Whether one side's environment is there already (own dependencies)."""
        return cached(self._recipe(side, interpreter), self.workspace) is not None

    def _one(self, side: Side, interpreter: Interpreter, pins: tuple[str, ...] = ()) -> Environment:
        revision, recipe = self.pair.side(side), self._recipe(side, interpreter, pins)
        ready = cached(recipe, self.workspace)
        if ready is not None:
            return ready
        again = " once more, for the other side," if recipe.twin else ""
        again += " with the other side's packages" if pins else ""
        self.announce(
            f"building {self.target.name} {revision.label}{again} for {interpreter.version}"
        )
        built = self._build(revision, recipe, interpreter)
        self.announce(f"built {revision.label} in {built.record.build_s:.1f} s")
        modules = built.record.modules_not_installed
        if modules:
            self.announce(
                f"not installed, though {revision.label} has them: {len(modules)} Python files of "
                f"the package ({', '.join(modules[:3])}{', …' * (len(modules) > 3)})"
            )
        return built

    def _build(
        self, revision: Revision, recipe: BuildRecipe, interpreter: Interpreter
    ) -> Environment:
        clone = self._clone(revision)
        if self.target.container is None:
            return self._replaced(revision, recipe, interpreter) or build(
                self.target, revision, recipe, self.workspace, clone
            )
        assert clone is not None  # an image's recipe is a commit's
        return ImageBuild(
            target=self.target,
            revision=revision,
            recipe=recipe,
            interpreter=interpreter,
            workspace=self.workspace,
            clone=clone,
            engine=find_engine(recipe.image[0]),
            announce=self.announce,
        ).run()

    def _replaced(
        self, revision: Revision, recipe: BuildRecipe, interpreter: Interpreter
    ) -> Environment | None:
        """A working tree's environment, if it can be made of that of its commit."""
        if revision.source is not Source.TREE:
            return None
        if self.head_follows_base and not recipe.constraints:
            self._one(Side.BASE, interpreter)
        try:
            return Replacing(
                target=self.target,
                revision=revision,
                recipe=recipe,
                workspace=self.workspace,
                clone=clone_of(self.target, self.workspace, self.repo),
            ).run()
        except NotCopiedError as error:
            self.announce(f"{revision.name}: built anew, since {error}")
            return None

    def _recipe(
        self, side: Side, interpreter: Interpreter, pins: tuple[str, ...] = ()
    ) -> BuildRecipe:
        revision, twin = self.pair.side(side), side is Side.HEAD and self.pair.is_same
        if self.target.container is not None:
            if self.dependencies is not Dependencies.OWN:
                raise UsageError("--deps: what an image holds is said by its definition alone.")
            engine = find_engine(self.target.container.engine)
            return image_recipe(self.target, revision, interpreter, engine, twin=twin)
        return make_recipe(
            self.target,
            revision,
            interpreter,
            clone=self._clone(revision),
            date=self.date or cut_off(self.pair),
            constraints=pins,
            twin=twin,
        )

    def _clone(self, revision: Revision) -> Clone | None:
        if revision.source is Source.PYPI:
            return None
        return clone_of(self.target, self.workspace, self.repo)

    def _pins(self, environment: Environment) -> tuple[str, ...]:
        proof = environment.record.provenance
        own = {*map(canonicalize_name, self.target.distributions), *proof.local}
        return tuple(
            f"{name}=={version}" for name, version in proof.packages.items() if name not in own
        )
