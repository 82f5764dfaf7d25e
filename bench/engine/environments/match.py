"""Hold an installed package's files against the commit's: the last link of the proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bench.core.environment import SourceMatch

_SHOWN = 50


def match_sources(tree: Mapping[str, str], module: Path, site: Path) -> SourceMatch:
    """Compare Python files, and name those of the commit that were not installed.

    `tree` has the commit's blob hashes by path, `module` is the installed module's file below
    `site`. The package may lie in any folder of the repository (`src/`, `lib/`, a member of a
    workspace): it is taken to be where its module's path occurs, by content if in several places.
    """
    files = module.parent.rglob("*.py") if module.name == "__init__.py" else [module]
    installed = {
        file.relative_to(site).as_posix(): _blob(file, _digits(tree))
        for file in sorted(files)
        if file.is_file()
    }
    start = module.relative_to(site).as_posix()
    above = _folder_above(tree, start, installed.get(start, ""))
    different = [path for path, blob in installed.items() if tree.get(f"{above}{path}") != blob]
    package = start.rpartition("/")[0]
    inside = f"{above}{package}/" if module.name == "__init__.py" else f"{above}{start}"
    missing = [
        path.removeprefix(above)
        for path in tree
        if path.startswith(inside)
        and path.endswith(".py")
        and path.removeprefix(above) not in installed
    ]
    identical = len(installed) - len(different)
    return SourceMatch(identical, tuple(different[:_SHOWN]), tuple(missing[:_SHOWN]))


def _folder_above(tree: Mapping[str, str], start: str, blob: str) -> str:
    """What stands before an installed path in the repository: "", `src/`, `packages/one/src/`."""
    found = [path for path in tree if path == start or path.endswith(f"/{start}")]
    found.sort(key=lambda path: (tree[path] != blob, len(path)))
    return found[0].removesuffix(start) if found else ""


def _digits(tree: Mapping[str, str]) -> int:
    """How long the repository's hashes are: 40 hexadecimal digits of SHA-1, or 64 of SHA-256."""
    return len(next(iter(tree.values()), ""))


def _blob(file: Path, digits: int) -> str:
    """The hash git gives a file's bytes."""
    content = file.read_bytes()
    made = hashlib.sha256() if digits == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(content))
    made.update(content)
    return made.hexdigest()
