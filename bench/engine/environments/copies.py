"""Whether what is installed of a project are copies of a commit's files, and of which.

Where a build only copies, a changed file's place in an environment is known without building again.
Everything here is careful: what is not certain is `NotCopiedError`, and then the project is built.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

# Build back ends that copy modules, as long as no hook of the project's own takes part.
_BACK_ENDS = (
    "flit_core.buildapi", "hatchling.build", "pdm.backend", "poetry.core.masonry.api",
    "setuptools.build_meta", "uv_build",
)  # fmt: skip
# Folders at the root of a repository whose files take no part in a build.
_ASIDE = frozenset({
    "tests", "test", "testing", "docs", "doc", "examples", "example", "benchmarks", "bench",
    "asv_bench", ".github", "news", "changes", "newsfragments", "changelog.d",
})  # fmt: skip
_VERSION = re.compile(r"^\s*(?:__version__|VERSION|version)\s*(?::[^=\n]+)?=.*$", re.MULTILINE)
_REGULAR = frozenset({"100644", "100755"})


class NotCopiedError(Exception):
    """Why an environment has to be built: what it says follows "because"."""


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A path that differs between two trees: blob hashes and modes; "" and zeros for none."""

    path: str
    old: str
    new: str
    old_mode: str
    new_mode: str

    @property
    def is_modified(self) -> bool:
        """Whether it is a file in both, of the same mode."""
        return self.old_mode == self.new_mode and self.new_mode in _REGULAR


def check_build(files: Collection[str], pyproject: Mapping[str, Any], setup: str) -> None:
    """Raise `NotCopiedError` unless a project's build is known to copy modules.

    `files` are paths below the project's folder, `setup` is the text of setup.py and setup.cfg.
    """
    system, tool = pyproject.get("build-system", {}), pyproject.get("tool", {})
    back_end = system.get("build-backend", "setuptools.build_meta")
    if back_end not in _BACK_ENDS or "backend-path" in system:
        raise NotCopiedError(f"its build back end is {back_end}")
    hatch = tool.get("hatch", {}).get("build", {})
    hooks = {*hatch.get("hooks", {}), *hatch.get("targets", {}).get("wheel", {}).get("hooks", {})}
    own = {"hatch_build.py", "pdm_build.py"} & set(files)
    if hooks - {"vcs"} or own or "build" in tool.get("poetry", {}):
        raise NotCopiedError("its build has hooks of its own")
    if "cmdclass" in setup or "ext_modules" in setup:
        raise NotCopiedError("its setup.py has build steps of its own")


def version_files(pyproject: Mapping[str, Any]) -> set[str]:
    """Paths that a build writes a version to that it computes from tags."""
    tool = pyproject.get("tool", {})
    scm, pdm = tool.get("setuptools_scm", {}), tool.get("pdm", {}).get("version", {})
    vcs = tool.get("hatch", {}).get("build", {}).get("hooks", {}).get("vcs", {})
    named = (
        scm.get("write_to"), scm.get("version_file"), vcs.get("version-file"), pdm.get("write_to"),
    )  # fmt: skip
    return {one for one in named if isinstance(one, str)}


def places(
    installed: Mapping[str, str], tree: Mapping[str, str], made: Collection[str]
) -> dict[str, str]:
    """Where each installed file lies in a tree, by its path in site-packages.

    Both are blob hashes by path; `made` are paths that the build may write. Raises `NotCopiedError`
    for a file that is no copy, or could be one of two.
    """
    by_name: dict[str, list[str]] = {}
    for path in tree:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found = {}
    for path, blob in installed.items():
        if any(_ends_with(one, path) for one in made):
            continue
        near = [one for one in by_name.get(path.rpartition("/")[2], ()) if _ends_with(one, path)]
        same = [one for one in near if tree[one] == blob]
        if not same:
            raise NotCopiedError(f"{path} is made by its build")
        if len(same) == 1:
            found[path] = same[0]
    return found


def replacements(
    changes: Sequence[ChangedFile], placed: Mapping[str, str], project: str
) -> dict[str, ChangedFile]:
    """The changes to installed files, by their path in site-packages.

    `project` is the folder of the project in the tree. Raises `NotCopiedError` for a change that
    could make a difference in another way.
    """
    installed: dict[str, list[str]] = {}
    for path, place in placed.items():
        installed.setdefault(place, []).append(path)
    found = {}
    for change in changes:
        there = installed.get(change.path, [])
        if not there and _is_aside(change.path, project):
            continue
        if len(there) != 1 or not change.is_modified:
            raise NotCopiedError(f"{change.path} differs")
        found[there[0]] = change
    return found


def check_version(path: str, old: str, new: str, pyproject: Mapping[str, Any], setup: str) -> None:
    """Raise `NotCopiedError` where a project's metadata may be read from a file that changed.

    `path` is that in site-packages, `old` and `new` are its texts.
    """
    if _VERSION.findall(old) != _VERSION.findall(new):
        raise NotCopiedError(f"the version in {path} differs")
    project, tool = pyproject.get("project"), pyproject.get("tool", {})
    is_dynamic = project is None or bool(project.get("dynamic"))
    if not is_dynamic:
        return
    name = PurePosixPath(path)
    declared = (tool.get(one, {}).get("version", "") for one in ("hatch", "pdm"))
    dynamic = tool.get("setuptools", {}).get("dynamic", "")
    is_top = name.name == "__init__.py" and len(name.parts) == 2
    if is_top or any(name.name in str(one) for one in (setup, dynamic, *declared)):
        raise NotCopiedError(f"metadata may be read from {path}, which differs")


def _is_aside(path: str, project: str) -> bool:
    """Whether a file that is not installed takes no part in a build."""
    inner = path.removeprefix(f"{project}/") if project != "." else path
    return inner.partition("/")[0] in _ASIDE and "/" in inner


def _ends_with(path: str, tail: str) -> bool:
    return path == tail or path.endswith(f"/{tail}")


def parse_changes(listed: str) -> Iterator[ChangedFile]:
    """What `git diff-tree -r -z --no-renames` says of two trees."""
    words = [one for one in listed.split("\0") if one]
    for meta, path in zip(words[::2], words[1::2], strict=True):
        old_mode, new_mode, old, new, _status = meta.removeprefix(":").split()
        yield ChangedFile(path=path, old=old, new=new, old_mode=old_mode, new_mode=new_mode)
