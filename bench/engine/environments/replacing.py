"""The environment of a working tree: its commit's with the changed files in their places.

Only where the project's build copies files (see `copies`). Every file of the commit's environment
is read, held against the hash it had when it was built, and written anew; what names the folder of
its environment (scripts, bytecode) names the new one, whose name is as long. The result is proven
like what was built.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
import time
import tomllib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec.structs import replace

from bench.core.environment import BuildRecipe, EnvironmentRecord
from bench.core.revision import Revision, Source
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment, Proving, cached, make
from bench.engine.environments.copies import (
    ChangedFile,
    NotCopiedError,
    check_build,
    check_version,
    parse_changes,
    places,
    replacements,
    version_files,
)
from bench.engine.environments.inventory import Entry
from bench.engine.environments.match import blob_hash
from bench.engine.environments.provenance import Installed
from bench.engine.revisions.git import Clone

_BYTECODE = ".pyc"


@dataclass(frozen=True, kw_only=True)
class Replacing:
    """An environment to be made of that of the commit which a working tree was changed from."""

    target: Target
    revision: Revision
    recipe: BuildRecipe
    workspace: Workspace
    clone: Clone

    def run(self) -> Environment:
        """Make it, or find it; raises `NotCopiedError` where it has to be built."""
        recipe = replace(self.recipe, source=Source.GIT, identity=self.revision.parent)
        parent = cached(recipe, self.workspace)
        if parent is None:
            raise NotCopiedError("the environment of its commit is not there")
        return make(self.recipe, self.workspace, lambda folder: self._fill(folder, parent))

    def _fill(self, folder: Path, parent: Environment) -> EnvironmentRecord:
        started = time.monotonic()
        installed = _project_files(parent)
        new = self._new_files(installed)
        copy = Copy(parent, folder / "venv", new)
        copy.run()
        named = ", ".join(sorted(new))
        made = Proving(
            target=self.target,
            revision=self.revision,
            recipe=self.recipe,
            workspace=self.workspace,
            folder=folder,
            tracked=self._tree,
            commands=(*parent.record.commands, f"copied, with other contents of {named}"),
            started=started,
        ).record()
        copy.check(folder)
        return made

    @cached_property
    def _before(self) -> dict[str, str]:
        return self.clone.tree(self.revision.parent)

    @cached_property
    def _tree(self) -> dict[str, str]:
        """The files of the tree that a checkout has."""
        left_out = self.recipe.excludes
        if any(set(one) & set("/!") for one in left_out):
            raise NotCopiedError("checkout_excludes names paths")
        return {
            path: blob
            for path, blob in self.clone.tree(self.revision.identity).items()
            if not any(PurePosixPath(path).match(one) for one in left_out)
        }

    @cached_property
    def _pyproject(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text("pyproject.toml"))
        except tomllib.TOMLDecodeError as error:
            raise NotCopiedError("its pyproject.toml cannot be read") from error

    @cached_property
    def _setup(self) -> str:
        return self._text("setup.py") + self._text("setup.cfg")

    def _text(self, name: str) -> str:
        """A file beside the project's pyproject.toml; "" where there is none."""
        path = str(PurePosixPath(self.recipe.install.folder) / name)
        return self.clone.text(self.revision.parent, path) if path in self._before else ""

    def _new_files(self, installed: Mapping[str, bytes]) -> dict[str, bytes]:
        """New contents by path in the environment."""
        folder = self.recipe.install.folder
        inside = "" if folder == "." else f"{folder}/"
        names = [path.removeprefix(inside) for path in self._before if path.startswith(inside)]
        check_build(names, self._pyproject, self._setup)
        digits = len(self.revision.identity)
        sites = {path: _in_site(path) for path in installed}
        placed = places(
            {sites[path]: blob_hash(content, digits) for path, content in installed.items()},
            self._before,
            version_files(self._pyproject),
        )
        listed = self.clone.changes(self.revision.parent, self.revision.identity)
        found = replacements(list(parse_changes(listed)), placed, folder)
        new = {}
        for path, site in sites.items():
            if site in found:
                new[path] = self._content(found[site])
                check_version(
                    site, _text_of(installed[path]), _text_of(new[path]), self._pyproject,
                    self._setup,
                )  # fmt: skip
        return new

    def _content(self, change: ChangedFile) -> bytes:
        """Its bytes in the tree: those of the file, if it was not changed again."""
        try:
            content = (self.clone.path / change.path).read_bytes()
        except OSError as error:
            raise NotCopiedError(f"{change.path} cannot be read") from error
        if blob_hash(content, len(change.new)) != change.new:
            raise NotCopiedError(f"{change.path} is not as git stores it")
        return content


def _text_of(content: bytes) -> str:
    return content.decode(errors="replace")


def _in_site(path: str) -> str:
    """A path seen from the folder of packages."""
    parts = PurePosixPath(path).parts
    at = next(number for number, part in enumerate(parts) if part.endswith("-packages"))
    return "/".join(parts[at + 1 :])


def _project_files(parent: Environment) -> dict[str, bytes]:
    """What is installed of the project itself, by path in the environment, without its metadata.

    Scripts aside, which the installer makes.
    """
    installed, venv = Installed(parent.venv), parent.venv
    found = {}
    for name in parent.record.provenance.local:
        for path in installed.files(name):
            parts = PurePosixPath(path).parts
            is_metadata = any(one.endswith(".dist-info") for one in parts)
            if is_metadata or parts[0] == "bin" or path.endswith(_BYTECODE):
                continue
            if not any(part.endswith("-packages") for part in parts):
                raise NotCopiedError(f"it installs {path}")
            found[path] = (venv / path).read_bytes()
    if not found:
        raise NotCopiedError("its own files are not known")
    return found


@dataclass(frozen=True)
class Copy:
    """A copy of an environment with some files of other contents, by path below it."""

    parent: Environment
    venv: Path
    new: Mapping[str, bytes]
    written: dict[str, bytes] = field(default_factory=dict)

    def run(self) -> None:
        """Write it; raises `NotCopiedError` for a file that is not what was built."""
        self.venv.mkdir()
        left_out = {_bytecode_of(path) for path in self.new}
        folders = []
        for name, entry in sorted(self.parent.inventory.entries.items()):
            path = os.fsdecode(name)
            if path.startswith("/") or _is_bytecode_of(path, left_out):
                continue
            if stat.S_ISDIR(entry.mode):
                (self.venv / path).mkdir()
                folders.append((path, entry))
            elif stat.S_ISLNK(entry.mode):
                self._link(path, entry)
            else:
                self._write(path, entry)
        for path, text in self._records():
            self._put(path, text, self.parent.inventory.entries[os.fsencode(path)])
        for path, entry in reversed(folders):
            (self.venv / path).chmod(stat.S_IMODE(entry.mode))

    def check(self, folder: Path) -> None:
        """Hold the result against the environment it was made of; raises `NotCopiedError`."""
        made = Environment(folder, self.parent.record).inventory.entries
        left_out = {_bytecode_of(path) for path in self.new}
        for name, entry in self.parent.inventory.entries.items():
            path = os.fsdecode(name)
            if path in self.written or _is_bytecode_of(path, left_out):
                continue
            if name not in made or made[name].content != entry.content:
                raise NotCopiedError(f"{path} was not copied as it is")

    def _link(self, path: str, entry: Entry) -> None:
        if "-packages" in path or self._old in os.fsencode(entry.content):
            raise NotCopiedError(f"{path} is a link")
        (self.venv / path).symlink_to(entry.content)

    def _write(self, path: str, entry: Entry) -> None:
        content = (self.parent.venv / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry.content:
            raise NotCopiedError(f"{path} of its commit's environment has changed")
        if path in self.new:
            self._put(path, self.new[path], None)
            (self.venv / path).chmod(stat.S_IMODE(entry.mode))
            return
        if self._old in content:
            if not _may_name_its_folder(path):
                raise NotCopiedError(f"{path} names the folder that it lies in")
            content = content.replace(self._old, os.fsencode(self.venv.parent.name))
            self.written[path] = content
        self._put(path, content, entry)

    def _put(self, path: str, content: bytes, entry: Entry | None) -> None:
        """Write a file; with the mode and time of another."""
        file = self.venv / path
        if entry is None or path.endswith("RECORD"):
            self.written[path] = content
        file.write_bytes(content)
        if entry is not None:
            file.chmod(stat.S_IMODE(entry.mode))
            os.utime(file, ns=(entry.mtime_ns, entry.mtime_ns))

    @property
    def _old(self) -> bytes:
        """What the folder of the other environment is called: its key."""
        return os.fsencode(self.parent.folder.name)

    def _records(self) -> list[tuple[str, bytes]]:
        """The RECORDs that list a file which is written otherwise, with its new hash and size."""
        found = []
        for name in map(os.fsdecode, self.parent.inventory.entries):
            if name.endswith(".dist-info/RECORD"):
                site = PurePosixPath(name).parent.parent
                old = (self.venv / name).read_text(encoding="utf-8")
                text = "".join(
                    self._record_line(site, line) for line in old.splitlines(keepends=True)
                )
                if text != old:
                    found.append((name, text.encode()))
        return found

    def _record_line(self, site: PurePosixPath, line: str) -> str:
        path, *_ = next(csv.reader([line]), [""])
        content = self.written.get(os.path.normpath(site / path))
        if content is None or path.endswith("RECORD"):
            return line
        digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        made = io.StringIO()
        ending = "\r\n" if line.endswith("\r\n") else "\n"
        row = [path, f"sha256={digest}", len(content)]
        csv.writer(made, lineterminator=ending).writerow(row)
        return made.getvalue()


def _may_name_its_folder(path: str) -> bool:
    """Scripts, bytecode (the files it was compiled from), and notes of the installer."""
    return (
        path.startswith("bin/")
        or path.endswith((_BYTECODE, ".dist-info/direct_url.json"))
        or path == "pyvenv.cfg"
    )


def _bytecode_of(path: str) -> str:
    """The beginning of the names of a module's bytecode files."""
    file = PurePosixPath(path)
    return f"{file.parent}/__pycache__/{file.stem}."


def _is_bytecode_of(path: str, beginnings: set[str]) -> bool:
    return path.endswith(_BYTECODE) and any(map(path.startswith, beginnings))
