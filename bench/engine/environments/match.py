"""Hold an installed package's files against the commit's: the last link of the proof."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from bench.core.environment import SourceMatch

_SHOWN = 50


def match_sources(tree: Mapping[str, str], module: Path, site: Path) -> SourceMatch:
    """Compare Python files, and name files of the commit's package that were not installed.

    `tree` has the commit's blob hashes by path, `module` is the installed module's file below
    `site`. The package may lie in any folder of the repository and be called otherwise there
    (`src/`, `lib/`, a member of a workspace): it is taken to be where most of its files are found.
    """
    is_package = module.name.startswith("__init__.")
    files = module.parent.rglob("*.py") if is_package else [module]
    installed = {
        file.relative_to(module.parent).as_posix(): _blob(file, _digits(tree))
        for file in sorted(files)
        if file.is_file()
    }
    package = module.parent.relative_to(site).as_posix()
    inner = "" if package == "." else f"{package}/"
    folder = _folder_in(tree, installed, inner)
    different = [path for path, blob in installed.items() if tree.get(f"{folder}{path}") != blob]
    missing = [
        path.removeprefix(folder)
        for path in tree
        if is_package
        and folder
        and path.startswith(folder)
        and not (module.parent / path.removeprefix(folder)).exists()
    ]
    missing.sort(key=lambda path: (not path.endswith(".py"), path))
    return SourceMatch(
        len(installed) - len(different),
        tuple(f"{inner}{path}" for path in different[:_SHOWN]),
        tuple(f"{inner}{path}" for path in missing[:_SHOWN]),
        len(missing),
    )


def _folder_in(tree: Mapping[str, str], installed: Mapping[str, str], inner: str) -> str:
    """The package's folder in the repository: "", `src/pkg/`, `packages/one/src/pkg/`, `lib/`."""
    by_name = defaultdict(list)
    for path in tree:
        by_name[path.rpartition("/")[2]].append(path)
    found: dict[str, list[int]] = {}
    for path, blob in installed.items():
        for there in by_name[path.rpartition("/")[2]]:
            if there == path or there.endswith(f"/{path}"):
                same_and_there = found.setdefault(there.removesuffix(path), [0, 0])
                same_and_there[0] += tree[there] == blob
                same_and_there[1] += 1
    return max(
        found,
        key=lambda folder: (*found[folder], f"/{folder}".endswith(f"/{inner}"), -len(folder)),
        default="",
    )


def _digits(tree: Mapping[str, str]) -> int:
    """How long the repository's hashes are: 40 hexadecimal digits of SHA-1, or 64 of SHA-256."""
    return len(next(iter(tree.values()), ""))


def _blob(file: Path, digits: int) -> str:
    return blob_hash(file.read_bytes(), digits)


def blob_hash(content: bytes, digits: int) -> str:
    """The hash git gives a file's bytes, of so many hexadecimal digits."""
    made = hashlib.sha256() if digits == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(content))
    made.update(content)
    return made.hexdigest()
