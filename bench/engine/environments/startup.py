"""What every start of an interpreter reads in its environment, and how two sides differ in it.

Read from the inventory that the harness took of the files: nothing of the environment is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bench.core.environment import EnvironmentRecord, StartFiles
from bench.engine.environments.build import Environment
from bench.engine.environments.dependencies import changed_packages
from bench.formats.text import counted

_SITE = "site-packages"
_CUSTOM = frozenset({"sitecustomize", "usercustomize"})
_NAMED = 3


def start_files(environment: Environment) -> StartFiles | None:
    """What a start reads; None for an image, whose files are elsewhere."""
    if environment.record.image is not None:
        return None
    read: dict[str, str] = {}
    names: set[str] = set()
    for path, entry in environment.inventory.entries.items():
        parts = PurePosixPath(path.decode(errors="backslashreplace")).parts
        if _SITE not in parts:
            continue
        below = parts[parts.index(_SITE) + 1 :]
        names.update(below[:1])
        if len(below) == 1 and below[0].endswith(".pth"):
            read[below[0]] = entry.content
        elif below and below[0].partition(".")[0] in _CUSTOM:
            read["/".join(below)] = entry.content
    return StartFiles(read, len(names), len(str(environment.venv)))


def differences_at_start(
    base: StartFiles | None,
    head: StartFiles | None,
    records: tuple[EnvironmentRecord, EnvironmentRecord],
) -> Iterator[str]:
    """In words, what a start reads on one side only or otherwise; nothing where all is the same."""
    if base is not None and head is not None:
        yield from _of_files(base.files, head.files)
        if base.path_length != head.path_length:
            yield f"a path of {base.path_length} characters on base, {head.path_length} on head"
        if base.entries != head.entries:
            yield f"{base.entries} entries in {_SITE} on base, {head.entries} on head"
    changed = changed_packages(*records)
    if changed:
        names = ", ".join(one.package for one in changed[:_NAMED])
        more = ", …" if len(changed) > _NAMED else ""
        yield f"{counted(len(changed), 'package')} in another version ({names}{more})"


def _of_files(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(base.keys() | head.keys()):
        if name not in head:
            yield f"{name} on base alone"
        elif name not in base:
            yield f"{name} on head alone"
        elif base[name] != head[name]:
            yield f"another {name}"
