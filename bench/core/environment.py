"""What an environment is made from, and what it says of itself."""

from __future__ import annotations

import hashlib

import msgspec

from bench.core.revision import Revision, Source

_RECIPE_VERSION = 1


class Provenance(msgspec.Struct, frozen=True):
    """What an environment says of itself; paths are relative to the environment.

    `packages` are all installed distributions by canonical name; `local` names those that were
    built from the target's own checkout (it can have several).
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


class Recipe(msgspec.Struct, frozen=True):
    """Everything an environment's content follows from.

    `dependencies` is `uv.lock` or the date after which no package is taken; `constraints` are pins
    taken from the other side (`--deps base`, `--deps head`). `twin` is a second environment of the
    same content: the head of a revision that is compared with itself.
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

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits: every environment's path has the same length."""
        fields = msgspec.to_builtins(self)
        if not self.twin:
            del fields["twin"]  # it came later: environments built before keep their key
        return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()[:16]


class SourceMatch(msgspec.Struct, frozen=True):
    """Installed modules held against the commit's files of the same path."""

    identical: int
    different: tuple[str, ...]


class EnvironmentRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of an environment; stored with it, and in every run made with it."""

    key: str
    revision: Revision
    recipe: Recipe
    provenance: Provenance
    commands: tuple[str, ...]
    uv: str
    build_s: float
    source_match: SourceMatch | None = None
