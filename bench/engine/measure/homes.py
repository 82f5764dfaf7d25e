"""What HOME holds when a process starts: put there anew before each, off all clocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.process import run_tool
from bench.engine.sandbox.folders import give_like


class HomeError(Exception):
    """A HOME can't be brought into its state (the message says why)."""


@dataclass(frozen=True, kw_only=True)
class FreshHome:
    """A HOME that every process finds in one state: empty, or as `first` has left it.

    `first` is a command that is run once, when the first process is due, in a HOME that is empty
    but for a copy of the folder `source`, if there is one, at `inside`. What is there afterwards is
    moved to `kept`. Each process then gets the same files as hard links: thousands take a tenth of
    a second and write no data. So a process must replace a file and not write into it, which is
    checked each time. With `copied` it gets files of its own to write into.
    """

    folder: Path
    kept: Path
    first: tuple[str, ...] = ()
    source: Path | None = None
    inside: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 120.0
    copied: bool = False

    def renew(self, prefix: tuple[str, ...]) -> None:
        """Put HOME into its state; `prefix` is what isolates its processes.

        Raises `HomeError` when `first` fails, or a file has been written into, or what processes
        have left cannot be copied or removed.
        """
        try:
            self._renew(prefix)
        except (OSError, RecursionError) as error:
            raise HomeError(f"HOME can't be renewed: {ascii(str(error))[:300]}") from error

    def _renew(self, prefix: tuple[str, ...]) -> None:
        is_kept = bool(self.first) or self.source is not None
        if is_kept and not self.kept.is_dir():
            self._prepare(prefix)
        _empty(self.folder)
        if is_kept and self.copied:
            shutil.copytree(self.kept, self.folder, symlinks=True, dirs_exist_ok=True)
            give_like(self.folder, self.folder)
        elif is_kept:
            self._check(_link_tree(self.kept, self.folder))

    def _prepare(self, prefix: tuple[str, ...]) -> None:
        _empty(self.folder)
        if self.source is not None:
            shutil.copytree(
                self.source, self.inside or self.folder, symlinks=True, dirs_exist_ok=True
            )
            give_like(self.folder, self.folder)
        if self.first:
            self._run_first(prefix)
        partial = self.kept.with_name(f"{self.kept.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for one in list(self.folder.iterdir()):
            one.rename(partial / one.name)
        self._state.write_text("\n".join(_states(partial)), encoding="utf-8")
        partial.rename(self.kept)

    def _run_first(self, prefix: tuple[str, ...]) -> None:
        done = run_tool(
            [*prefix, *self.first],
            cwd=self.folder,
            env={**self.env, "PYTHONHASHSEED": "0"},
            timeout_s=self.timeout_s,
        )
        if not done.ok:
            how = "ran into its time-out" if done.status is None else f"exit status {done.status}"
            raise HomeError(": ".join(["preparing HOME", how, *done.last_lines(1).splitlines()]))

    @property
    def _state(self) -> Path:
        return self.kept.with_name(f"{self.kept.name}.state")

    def _check(self, linked: list[str]) -> None:
        before = self._state.read_text(encoding="utf-8").splitlines()
        if sorted(linked) != sorted(before):
            changed = sorted(set(linked) ^ set(before))[0].partition("\t")[0]
            raise HomeError(f"a process wrote into a file of its prepared HOME: {changed}")


def _empty(folder: Path) -> None:
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def _states(folder: Path) -> Iterator[str]:
    """Path, size and time of each file."""
    for parent, _, names in os.walk(folder):
        for name in names:
            yield _state(folder, f"{parent}/{name}")


def _link_tree(source: Path, target: Path) -> list[str]:
    """Make the tree again out of links to its files; returns the state of each."""
    found: list[str] = []
    start = len(str(source))
    owner = target.stat().st_uid if os.geteuid() == 0 else None
    for parent, folders, names in os.walk(source):
        inside = f"{target}{parent[start:]}"
        for name in folders:
            path = f"{parent}/{name}"
            if os.path.islink(path):  # noqa: PTH114
                os.symlink(os.readlink(path), f"{inside}/{name}")  # noqa: PTH115, PTH211
            else:
                os.mkdir(f"{inside}/{name}")  # noqa: PTH102
                if owner is not None:
                    os.chown(f"{inside}/{name}", owner, owner)
        for name in names:
            os.link(f"{parent}/{name}", f"{inside}/{name}", follow_symlinks=False)
            found.append(_state(source, f"{parent}/{name}"))
    return found


def _state(folder: Path, path: str) -> str:
    told = os.lstat(path)
    name = ascii(path[len(str(folder)) + 1 :])[1:-1]  # it may hold line ends, or be no text
    return f"{name}\t{told.st_size}\t{told.st_mtime_ns}"
