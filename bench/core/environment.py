"""What an environment is made from, and what it says of itself."""

from __future__ import annotations

import hashlib

import msgspec

from bench.core.installation import Installation
from bench.core.revision import Revision, Source

_RECIPE_VERSION = 2
_ARGS = 4  # in a recipe's `image`: engine, definition, context, Python inside, then the arguments


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What is installed in an environment; paths are relative to the environment.

    `packages` are all installed distributions by canonical name; `local` names those that were
    built from the target's own checkout (it can have several). `distribution` and `module` are
    those of the target's names that this revision has. `python` is `3.14.2`, `3.14.2t` of a free-
    threaded build; `jit` says whether one that has a JIT has it "on" or "off" by default.
    """

    python: str
    implementation: str
    compiler: str
    base_executable: str
    module_file: str
    version: str
    record_sha256: str
    packages: dict[str, str]
    local: tuple[str, ...] = ()
    distribution: str = ""
    module: str = ""
    jit: str = ""


class BuildRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an environment's content follows from.

    `dependencies` is `uv.lock` or the date after which no package is taken; `constraints` are pins
    taken from the other side (`--deps base`, `--deps head`). `twin` is a second environment of the
    same content: the head of a revision that is compared with itself. `image` says how an image is
    built: by which engine, from which definition and context, its Python, arguments `NAME=VALUE`.
    `package_sources` are the caller's variables that choose an index, `NAME=VALUE`. `install` is
    the target's table of that name, `date` the day that limits what it adds to a lock's packages.
    """

    distribution: str
    module: str
    source: Source
    identity: str
    interpreter: str
    dependencies: str
    constraints: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    version: int = _RECIPE_VERSION
    twin: bool = False
    image: tuple[str, ...] = ()
    package_sources: tuple[str, ...] = ()
    install: Installation = Installation()
    date: str = ""
    other_distributions: tuple[str, ...] = ()
    other_modules: tuple[str, ...] = ()

    @property
    def distributions(self) -> tuple[str, ...]:
        """All names that the project had, the newest first."""
        return self.distribution, *self.other_distributions

    @property
    def modules(self) -> tuple[str, ...]:
        """All names to import it by, the newest first."""
        return self.module, *self.other_modules

    @property
    def args(self) -> dict[str, str]:
        """The arguments of an image's build."""
        return dict(word.split("=", 1) for word in self.image[_ARGS:])

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits: every environment's path has the same length."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


class SourceMatch(msgspec.Struct, frozen=True):
    """Installed modules held against the commit's files of the same path.

    `missing` are files of the package that the commit has and the environment has not, modules
    first: the first of `missing_files`.
    """

    identical: int
    different: tuple[str, ...]
    missing: tuple[str, ...] = ()
    missing_files: int = 0


class StartFiles(msgspec.Struct, frozen=True):
    """What each start of an environment's interpreter reads there, as the harness saw its files.

    `files` are `.pth` files, `sitecustomize` and `usercustomize`, with the SHA-256 of each;
    `entries` are names in site-packages, and `path_length` is that of the environment's path.
    """

    files: dict[str, str]
    entries: int
    path_length: int


class Uncompiled(msgspec.Struct, frozen=True):
    """Modules of a standard library without usable bytecode: how many, and the first of them."""

    library: str
    count: int
    first: tuple[str, ...]

    def describe(self, interpreter: str) -> str:
        """What it means and what to do, for the reader."""
        return (
            f"{self.count} modules of the standard library in {self.library} have no usable "
            f"bytecode ({', '.join(self.first)}{', …' * (self.count > len(self.first))}): every "
            f"process compiles those that it imports. `{interpreter} -m compileall -q "
            f"{self.library}` compiles them, if your account may write there."
        )


class ImageRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A container image that was built from a revision; `identity` is the digest of its content.

    `definition_sha256` is that of the Dockerfile, `python` the one that is asked inside, and
    `pythonpath` what the image itself sets.
    """

    engine: str
    engine_version: str
    tag: str
    identity: str
    definition: str
    definition_sha256: str
    size_bytes: int
    python: str
    pythonpath: str = ""


class EnvironmentRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of an environment; stored with it, and in every run made with it.

    With an `image` the revision is installed there, and so is all that `provenance` tells of; the
    environment beside it is empty. `digest` is that of all files of the environment, as the harness
    read them after the build.
    """

    key: str
    revision: Revision
    recipe: BuildRecipe
    provenance: Provenance
    commands: tuple[str, ...]
    uv: str
    build_s: float
    digest: str = ""
    source_match: SourceMatch | None = None
    image: ImageRecord | None = None

    @property
    def modules_not_installed(self) -> tuple[str, ...]:
        """Python files of the commit's package that are not in the environment (the first 50)."""
        missing = self.source_match.missing if self.source_match else ()
        return tuple(path for path in missing if path.endswith(".py"))

    @property
    def distribution(self) -> str:
        """The name of what is measured, in this revision."""
        return self.provenance.distribution or self.recipe.distribution

    @property
    def module(self) -> str:
        """The name to import it by, in this revision."""
        return self.provenance.module or self.recipe.module
