"""Build an image from a checkout, and have it prove what it is."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.container import ContainerSpec
from bench.core.environment import BuildRecipe, ImageRecord, Provenance
from bench.core.errors import BuildError
from bench.core.process import Finished
from bench.core.program import session
from bench.core.revision import Revision
from bench.workloads.containers.engine import PODMAN, ContainerEngine

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# Runs in the image's Python: standard library only, one line of JSON. Files of the module are
# hashed as git does, so that they can be held against a commit's.
_PROBE = r"""
import hashlib, importlib, json, os, platform, re, sys
distribution_name, module_name = sys.argv[1:]
def installed():
    try:
        import importlib.metadata as metadata
    except ImportError:
        return {}
    canonical = lambda name: re.sub(r"[-_.]+", "-", name).lower()
    return {canonical(d.metadata["Name"]): d.version for d in metadata.distributions()}
def blob(file):
    data = open(file, "rb").read()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
where = lambda module: os.path.realpath(getattr(module, "__file__", None) or "/")
file = where(importlib.import_module(module_name))
whole = where(sys.modules[module_name.partition(".")[0]])
top = whole if os.path.basename(whole) != "__init__.py" else os.path.dirname(whole)
above = os.path.dirname(top)
files = [file] if not os.path.isdir(top) else [
    os.path.join(parent, name) for parent, _, names in os.walk(top)
    for name in names if name.endswith(".py")]
packages = installed()
own = re.sub(r"[-_.]+", "-", distribution_name).lower()
print(json.dumps({
    "python": platform.python_version(),
    "implementation": platform.python_implementation(),
    "compiler": platform.python_compiler(),
    "base_executable": os.path.realpath(sys.executable),
    "module_file": file,
    "version": packages.get(own, ""),
    "packages": packages,
    "files": {os.path.relpath(one, above): blob(one) for one in sorted(files)},
}))
"""


@dataclass(frozen=True)
class Proof:
    """What an image says of itself; `files` are git's hashes of its module's files, by path."""

    provenance: Provenance
    files: Mapping[str, str]


def image_labels(revision: Revision, recipe: BuildRecipe) -> dict[str, str]:
    """What an image says of where it comes from."""
    return {"bench.commit": revision.identity, "bench.key": recipe.key}


def tag_of(target: str, commit: str, key: str) -> str:
    """The name of a revision's image: one of a commit built with other arguments is another."""
    return f"localhost/bench-{target}:{commit[:10]}-{key[:8]}"


def build_image(
    engine: ContainerEngine,
    container: ContainerSpec,
    checkout: Path,
    tag: str,
    labels: Mapping[str, str],
    args: Mapping[str, str],
    timeout_s: float,
) -> Finished:
    """Build an image; of a build that fails nothing is left but its output.

    Layers are kept and shared: steps that are the same on both sides have the same result.
    """
    before = _images(engine)
    try:
        finished = engine.run(
            *build_words(engine, container, checkout, tag, labels, args), timeout_s=timeout_s
        )
    except BaseException:
        _remove_new(engine, before)
        raise
    if not finished.ok:
        _remove_new(engine, before)
    return finished


def build_words(
    engine: ContainerEngine,
    container: ContainerSpec,
    checkout: Path,
    tag: str,
    labels: Mapping[str, str],
    args: Mapping[str, str],
) -> list[str]:
    """The engine's command that builds the image.

    Steps see this machine's certificates where the engine can mount them: a network may have a
    proxy with a certificate of its own, which no public base image knows.
    """
    words = ["build", "--tag", tag, "--file", str(checkout / container.definition)]
    if engine.name == PODMAN and _CERTIFICATES.is_file():
        words += ["--volume", f"{_CERTIFICATES.parent}:{_CERTIFICATES.parent}:ro"]
    for name, value in sorted(labels.items()):
        words += ["--label", f"{name}={value}"]
    for name, value in sorted(args.items()):
        words += ["--build-arg", f"{name}={value}"]
    return [*words, str(checkout / container.context)]


def describe_image(
    engine: ContainerEngine, container: ContainerSpec, checkout: Path, tag: str
) -> ImageRecord:
    """What the engine knows of an image it has just built. Raises `BuildError`."""
    known = inspect(engine, tag)
    if known is None:
        raise BuildError(f"{engine.name} built {tag}, but the image cannot be found.")
    variables = dict(word.partition("=")[::2] for word in known["Config"].get("Env") or ())
    definition = (checkout / container.definition).read_bytes()
    return ImageRecord(
        engine=engine.name,
        engine_version=engine.version,
        tag=tag,
        identity=known["Id"].removeprefix("sha256:"),
        definition=container.definition,
        definition_sha256=hashlib.sha256(definition).hexdigest(),
        size_bytes=int(known["Size"]),
        python=container.python,
        pythonpath=variables.get("PYTHONPATH", ""),
    )


def inspect(engine: ContainerEngine, image: str) -> dict[str, Any] | None:
    """All the engine knows of an image; None when there is no such image."""
    found = engine.run("image", "inspect", image)
    return json.loads(found.stdout)[0] if found.ok else None


def prove_image(
    engine: ContainerEngine,
    image: ImageRecord,
    labels: Mapping[str, str],
    recipe: BuildRecipe,
) -> Proof:
    """Prove that an image has its labels, and ask its own Python what it imports.

    Raises `BuildError` when the image is another one, starts no container, or has no such module.
    """
    known = inspect(engine, image.tag)
    if known is None or known["Id"].removeprefix("sha256:") != image.identity:
        what = "removed" if known is None else "replaced"
        raise BuildError(
            f"The image {image.tag} was {what} after it was built.",
            f"`{session('clean', '--all')}` removes its record from the cache; then run again.",
        )
    told = known["Config"].get("Labels") or {}
    wrong = [name for name, value in labels.items() if told.get(name) != value]
    if wrong:
        raise BuildError(
            f"The image {image.tag} has the label {wrong[0]}={told.get(wrong[0])}, not "
            f"{labels[wrong[0]]}: it was built from something else.",
            "Remove that image, then run again.",
        )
    said = _ask(engine, image, recipe.distribution, recipe.module)
    files = said.pop("files")
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    return Proof(Provenance(record_sha256=digest, **said), files)


def _ask(
    engine: ContainerEngine, image: ImageRecord, distribution: str, module: str
) -> dict[str, Any]:
    name = f"bench-{os.getpid()}-{secrets.randbelow(10**9)}"
    try:
        asked = engine.run(
            "run", "--rm", "--name", name, "--network=none", "--entrypoint", image.python,
            image.identity, "-c", _PROBE, distribution, module,
        )  # fmt: skip
    except BaseException:  # an engine that was killed removes nothing
        engine.run("rm", "--force", name, tidies=True)
        raise
    answers = [line for line in asked.stdout.splitlines() if line.startswith('{"python": ')]
    if asked.ok and answers:
        said: dict[str, Any] = json.loads(answers[-1])
        return said
    if "Traceback" in asked.stderr:
        raise BuildError(
            f"{module!r} cannot be imported in its own image:\n{asked.last_lines(4)}",
            "Is `module` in the target's TOML file the name that is imported?",
        )
    raise BuildError(
        f"{image.python!r} does not run in the image {image.tag}:\n{asked.last_lines(3)}",
        "`python` in the target's [container] is the Python inside the image.",
    )


def remove_image(engine: ContainerEngine, image: str) -> None:
    """Remove an image, with the layers nobody else needs, if it is there."""
    engine.run("rmi", image, tidies=True)


def _images(engine: ContainerEngine) -> set[str]:
    if engine.name != PODMAN:  # docker keeps the layers of a build in a cache of its own
        return set()
    listed = engine.run("images", "--all", "--quiet", "--no-trunc", tidies=True)
    return set(listed.stdout.split())


def _remove_new(engine: ContainerEngine, before: set[str]) -> None:
    """Remove images of a failed build: not by force, so nothing that anybody uses."""
    for _ in range(_DEEPEST):
        left = _images(engine) - before
        if not left:
            return
        engine.run("rmi", *sorted(left), tidies=True)


_DEEPEST = 3  # podman removes the parents of an image with it, but not in every order
