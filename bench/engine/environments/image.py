"""A revision as a container image, in place of an installed environment.

On disk it is an environment like the others, whose virtual environment is empty (its Python runs
the driver that talks to the engine), with the checkout beside it that the image was built from.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.container import SHIPPED, ContainerSpec
from bench.core.environment import BuildRecipe, EnvironmentRecord, ImageRecord, SourceMatch
from bench.core.errors import BuildError, UsageError
from bench.core.files import write_atomically
from bench.core.lock import exclusive
from bench.core.process import Finished, transcript
from bench.core.revision import Revision, Source
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment, cached
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.uv import run_uv
from bench.engine.revisions.git import Clone
from bench.workloads.containers.engine import ContainerEngine
from bench.workloads.containers.image import (
    Proof,
    build_image,
    describe_image,
    image_labels,
    prove_image,
    remove_image,
    tag_of,
)
from bench.workloads.containers.root import prepare_root, root_tag


def image_recipe(
    target: Target,
    revision: Revision,
    interpreter: Interpreter,
    engine: ContainerEngine,
    *,
    twin: bool,
) -> BuildRecipe:
    """The recipe of a revision's image. Raises `UsageError` for a release: there is no checkout."""
    if revision.source is Source.PYPI:
        raise UsageError(
            f"{target.name} is measured as an image, which is built from a commit, and "
            f"{revision.name} is a release.",
            "Name commits, or git:TAG for the commit of a tag.",
        )
    container = _container(target)
    args = _args(container, interpreter)
    return BuildRecipe(
        distribution=target.distributions[0],
        module=target.modules[0],
        source=revision.source,
        identity=revision.content,
        interpreter=str(interpreter.executable),
        dependencies=f"image {container.shipped_digest}".strip(),
        excludes=target.checkout_excludes,
        twin=twin,
        image=(
            engine.name, container.definition, container.context, container.python,
            *(f"{name}={value}" for name, value in sorted(args.items())),
        ),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """The build of one revision's image; `announce` hears of a Debian root that is made first."""

    target: Target
    revision: Revision
    recipe: BuildRecipe
    interpreter: Interpreter
    workspace: Workspace
    clone: Clone
    engine: ContainerEngine
    announce: Callable[[str], None]

    def run(self) -> Environment:
        """Build, or find what was built; raises `BuildError` and then leaves nothing behind."""
        with exclusive(self.folder.with_suffix(".lock"), wait=True):
            ready = cached(self.recipe, self.workspace)
            if ready is not None:
                return ready
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            try:
                with exclusive(self.workspace.environments / "images.lock", wait=True):
                    record = self._build()
            except BaseException:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise
            write_atomically(self.folder / "environment.json", msgspec.json.encode(record))
            return Environment(self.folder, record)

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.workspace.environments / self.recipe.key

    def _build(self) -> EnvironmentRecord:
        started, container = time.monotonic(), _container(self.target)
        checkout = self.folder / "checkout"
        self.clone.check_out_revision(self.revision, checkout, self.recipe.excludes)
        if container.shipped:
            shutil.copytree(self.workspace.targets / container.shipped, checkout / SHIPPED)
        for path in (container.definition, container.context):
            if not (checkout / path).exists():
                raise BuildError(
                    f"{self.revision.label} has no {path}: no image can be built from it.",
                    "`definition` and `context` in [container] are paths in the checkout.",
                )
        self._make_venv()
        if container.root is not None:
            prepare_root(container.root, self.engine, self.workspace.scratch, self.announce)
        tag = tag_of(self.target.name, self.revision.identity, self.recipe.key)
        labels = image_labels(self.revision, self.recipe)
        built = build_image(
            self.engine, container, checkout, tag, labels,
            _args(container, self.interpreter), self.target.build_timeout_s,
        )  # fmt: skip
        if not built.ok:
            raise self._failed(built)
        try:
            image = describe_image(self.engine, container, checkout, tag)
            proof = prove_image(self.engine, image, labels, self.recipe)
        except BaseException:
            remove_image(self.engine, tag)
            raise
        return self._record(image, proof, built, time.monotonic() - started)

    def _make_venv(self) -> None:
        made = run_uv(
            "venv",
            "--no-cache",
            "--no-project",
            "--python",
            self.recipe.interpreter,
            self.folder / "venv",
        )
        if not made.ok:
            raise BuildError(f"{made.describe()}\n{made.last_lines(4)}")

    def _failed(self, built: Finished) -> BuildError:
        name = f"{self.target.name}-{self.revision.label}-{self.recipe.key}.log"
        log = self.workspace.logs / name
        write_atomically(log, transcript([built]))
        ending = "ran into its time-out" if built.status is None else f"status {built.status}"
        return BuildError(
            f"The image of {self.target.name} {self.revision.label} could not be built "
            f"({self.engine.name}: {ending}):\n{built.last_lines(6)}",
            f"The whole log: {log}",
        )

    def _record(
        self, image: ImageRecord, proof: Proof, built: Finished, seconds: float
    ) -> EnvironmentRecord:
        words = " ".join((self.engine.name, *built.command[1:]))
        return EnvironmentRecord(
            key=self.recipe.key,
            revision=self.revision,
            recipe=self.recipe,
            provenance=proof.provenance,
            commands=(words.replace(str(self.workspace.root), "."),),
            uv=run_uv("--version").stdout.strip(),
            build_s=round(seconds, 2),
            source_match=self._match(proof),
            image=image,
        )

    def _match(self, proof: Proof) -> SourceMatch:
        """The module's files in the image held against the commit's."""
        tree = self.clone.tree(self.revision.identity)
        different = tuple(
            path
            for path, blob in proof.files.items()
            if blob not in {tree.get(path), tree.get(f"src/{path}")}
        )
        return SourceMatch(len(proof.files) - len(different), different[:50])


def _container(target: Target) -> ContainerSpec:
    assert target.container is not None  # it is what makes the target an image's
    return target.container


def _args(container: ContainerSpec, interpreter: Interpreter) -> dict[str, str]:
    root = root_tag(container.root) if container.root else ""
    return container.filled_args(interpreter.version, root)
