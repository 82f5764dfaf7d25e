"""pip shortening the list of what an uninstall removes: a folder stands for all that lies in it.

One call compacts 40,500 paths, as an uninstall of 500 large packages lists them: the folder of each
and 80 files below it. The folders are what is left. The input has the size that the change of June
2026 was published for (pull request 14108 of pip); no single distribution comes near it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyperf
from pip._internal.req.req_uninstall import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = 500
FILES = 80
SUBFOLDERS = 8
SITE = "/usr/lib/python3/site-packages"


def folder_of(package: int) -> str:
    """Return the folder of a package."""
    return f"{SITE}/package_{package:03}"


def build_paths() -> list[str]:
    """Return all paths, the folders last: they have to be found by their length."""
    files = [
        f"{folder_of(package)}/part_{n % SUBFOLDERS}/module_{n:02}.py"
        for n in range(FILES)
        for package in range(PACKAGES)
    ]
    return [*files, *(folder_of(package) for package in range(PACKAGES))]


def check(paths: Sequence[str]) -> None:
    """Refuse to time what leaves out a folder, or keeps what lies in one."""
    kept = compact(paths)
    if kept != {folder_of(package) for package in range(PACKAGES)}:
        msg = f"pip compacts {len(paths)} paths to {len(kept)}, not to the {PACKAGES} folders"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    paths = build_paths()
    check(paths)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"pip: compact {len(paths)} paths of an uninstall"
    runner.bench_func("pip_uninstall_paths", compact, paths)


if __name__ == "__main__":
    main()
