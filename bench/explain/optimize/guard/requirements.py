"""What a project requires, by the names that are imported: what its start may do without."""

from __future__ import annotations

import importlib.metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from bench.engine.environments.build import Environment


def required_modules(environment: Environment) -> frozenset[str]:
    """Top-level modules of the distributions that the project itself requires, as installed.

    What comes with an extra is not required; a requirement that is not installed has no modules.
    """
    folders = [str(one) for one in environment.venv.glob("lib/python*/site-packages")]
    installed = {
        canonicalize_name(one.metadata["Name"]): one
        for one in importlib.metadata.distributions(path=folders)
    }
    project = installed.get(canonicalize_name(environment.record.distribution))
    names = filter(None, map(_required, project.requires or () if project else ()))
    return frozenset(
        module for name in names if name in installed for module in _modules(installed[name])
    )


def _required(words: str) -> NormalizedName | None:
    """The distribution that is required; None where it is for an extra, or not to be read."""
    try:
        requirement = Requirement(words)
    except InvalidRequirement:
        return None
    is_extra = requirement.marker is not None and "extra" in str(requirement.marker)
    return None if is_extra else canonicalize_name(requirement.name)


def _modules(distribution: importlib.metadata.Distribution) -> set[str]:
    """Packages and single files at the top of what it installs."""
    found = set()
    for file in distribution.files or ():
        first, *rest = file.parts
        if rest and file.suffix == ".py":
            found.add(first)
        elif not rest and file.suffix in {".py", ".so"}:
            found.add(first.partition(".")[0])
    return {name for name in found if name.isidentifier() and not name.startswith("_")}
