"""What an environment holds: read from its files by the harness, never told by what is installed.

Only one thing is asked in the environment's own interpreter: that the module can be imported, and
from which file. Its answer is compared with what the files say; it cannot replace it.
"""

from __future__ import annotations

import base64
import csv
import difflib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import canonicalize_name

from bench.core.environment import Provenance
from bench.core.errors import BuildError
from bench.core.process import run_tool
from bench.core.workspace import Workspace
from bench.engine.environments.clean import subject_environment
from bench.engine.environments.interpreters import InterpreterFacts
from bench.engine.environments.inventory import Inventory
from bench.engine.environments.uv import uv_cache
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.isolation import isolate

_NAMED = 5
# Runs in the subject's interpreter: standard library only, one line. It starts with a word that the
# module is not given.
_IMPORT = r"""
import importlib, json, sys
name, word = sys.argv[1:]
del sys.argv[1:]
module = importlib.import_module(name)
print(word, json.dumps({
    "file": getattr(module, "__file__", None) or "",
    "prefix": sys.prefix,
    "safe_path": sys.flags.safe_path,
    "user_site": not sys.flags.no_user_site,
}))
"""


@dataclass(frozen=True)
class Installed:
    """The distributions in an environment, by canonical name."""

    venv: Path

    @cached_property
    def sites(self) -> tuple[Path, ...]:
        """Its folders of installed packages."""
        found = self.venv.glob("lib*/*/site-packages")
        return tuple(dict.fromkeys(folder.resolve() for folder in sorted(found)))

    @cached_property
    def distributions(self) -> Mapping[str, metadata.Distribution]:
        """Read from their metadata alone."""
        found = metadata.distributions(path=[str(site) for site in self.sites])
        named = ((one.metadata["Name"], one) for one in found)
        return {canonicalize_name(name): one for name, one in named if name}

    def record(self, name: str) -> str:
        """The text of a distribution's RECORD; "" where there is none."""
        return self.distributions[name].read_text("RECORD") or ""

    def files(self, name: str) -> list[str]:
        """Paths below the environment of all that a distribution's RECORD lists."""
        place = Path(str(self.distributions[name].locate_file("")))
        site = place.relative_to(self.venv.resolve())
        rows = csv.reader(self.record(name).splitlines())
        return [os.path.normpath(f"{site}/{row[0]}") for row in rows if row]

    def damaged(self, inventory: Inventory) -> dict[str, list[str]]:
        """Files that have not the hash their distribution's RECORD gives, by distribution.

        A file that several distributions bring is as one of them recorded it.
        """
        wrong: dict[str, list[str]] = {}
        right = set()
        for name in sorted(self.distributions):
            for path, digest in self._recorded(name):
                entry = inventory.entries.get(os.fsencode(path))
                if entry is not None and entry.content == digest:
                    right.add(path)
                else:
                    wrong.setdefault(name, []).append(path)
        left = {name: [one for one in paths if one not in right] for name, paths in wrong.items()}
        return {name: paths for name, paths in left.items() if paths}

    def module_file(self, module: str, suffixes: Sequence[str]) -> Path | None:
        """The file that `import module` would take from the folders of packages."""
        for site in self.sites:
            folder, name = site.joinpath(*module.split(".")[:-1]), module.rpartition(".")[2]
            candidates = [folder / name / f"__init__{suffix}" for suffix in suffixes]
            candidates += [folder / f"{name}{suffix}" for suffix in suffixes]
            for file in candidates:
                if file.is_file():
                    return file
        return None

    def modules_of(self, name: str) -> list[str]:
        """Names that a distribution's files can be imported by."""
        paths = (row[0] for row in csv.reader(self.record(name).splitlines()) if row)
        tops = {path.split("/")[0].partition(".")[0] for path in paths if path.endswith(".py")}
        return sorted(top for top in tops if top.isidentifier())

    def _recorded(self, name: str) -> Iterator[tuple[str, str]]:
        place = Path(str(self.distributions[name].locate_file("")))
        site = place.relative_to(self.venv.resolve())
        # Not `Distribution.files`, which leaves out those that are missing.
        for path, said, *_ in filter(None, csv.reader(self.record(name).splitlines())):
            if said.startswith("sha256="):
                where = os.path.normpath(f"{site}/{path}")
                yield where, base64.urlsafe_b64decode(f"{said[7:]}=").hex()


@contextmanager
def readable() -> Iterator[None]:
    """Turn what foreign metadata can be wrong in into a `BuildError`."""
    try:
        yield
    except (ValueError, KeyError, csv.Error) as error:
        raise BuildError(
            f"The metadata of what was installed cannot be read: {error}",
            "It is in the folders that end in .dist-info, METADATA and RECORD above all.",
        ) from error


def read_provenance(
    venv: Path, distributions: Sequence[str], modules: Sequence[str], facts: InterpreterFacts
) -> Provenance:
    """What is installed, by the first of the names that is there; raises `BuildError` for none."""
    installed = Installed(venv)
    name = _distribution(installed, distributions)
    module, file = _module(installed, name, modules, facts.suffixes)
    found = installed.distributions
    return Provenance(
        python=facts.version,
        jit=facts.jit,
        implementation=facts.implementation,
        compiler=facts.compiler,
        base_executable=str(facts.executable),
        module_file=str(file.relative_to(venv.resolve())),
        version=found[name].version,
        record_sha256=hashlib.sha256(installed.record(name).encode()).hexdigest(),
        packages={one: found[one].version for one in sorted(found)},
        local=tuple(sorted(_from_folder(installed))),
        distribution=name,
        module=module,
    )


def _distribution(installed: Installed, names: Sequence[str]) -> str:
    canonical = [canonicalize_name(name) for name in names]
    for name in canonical:
        if name in installed.distributions:
            return name
    raise BuildError(
        f"No distribution {' or '.join(map(repr, names))} was installed; there are "
        f"{_some(_closest(canonical[0], installed.distributions)) or 'none'}.",
        "`distribution` in the target's TOML file is the name in the project's metadata. Of a "
        "repository with several projects, `subfolder` in [install] names one.",
    )


def _module(
    installed: Installed, distribution: str, names: Sequence[str], suffixes: Sequence[str]
) -> tuple[str, Path]:
    for name in names:
        file = installed.module_file(name, suffixes)
        if file is not None:
            return name, file
    raise BuildError(
        f"No module {' or '.join(map(repr, names))} was installed. {distribution} installs "
        f"{_some(installed.modules_of(distribution)) or 'no module'}.",
        "`module` in the target's TOML file is the name that is imported: a module with a file, "
        "such as a package with __init__.py.",
    )


def _from_folder(installed: Installed) -> Iterator[str]:
    for name, found in installed.distributions.items():
        if '"dir_info"' in (found.read_text("direct_url.json") or ""):
            yield name


def _closest(name: str, known: Mapping[str, object]) -> list[str]:
    return difflib.get_close_matches(name, known, n=_NAMED, cutoff=0.4) or sorted(known)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + ", …" * (len(names) > _NAMED)


def check_interpreter(venv: Path, interpreter: Path) -> None:
    """Raise `BuildError` unless an environment's Python is the one it was made with.

    A build can write to its environment; the harness starts this Python outside of sandboxes, and
    what its links lead through can be read inside of them.
    """
    python = venv / "bin" / "python"
    leads_to = python.parent / os.readlink(python) if python.is_symlink() else python  # noqa: PTH115
    is_own = ".." in leads_to.parts or any(
        leads_to.is_relative_to(one) for one in (venv.parent, uv_cache())
    )
    if venv.is_symlink() or is_own or python.resolve() != interpreter.resolve():
        raise BuildError(
            f"The build has replaced the interpreter of its environment: {python} is not "
            f"{interpreter}.",
        )


def check_undamaged(venv: Path, inventory: Inventory) -> None:
    """Hold every distribution's files against its RECORD; raises `BuildError` naming the first."""
    for name, paths in Installed(venv).damaged(inventory).items():
        raise BuildError(
            f"Files of {name} are not what its RECORD lists: {_some(paths)}.",
            f"If the copy in uv's cache is damaged, `uv cache clean {name}` removes it.",
        )


def check_import(venv: Path, proven: Provenance, own: dict[str, str], workspace: Workspace) -> None:
    """Import the module in the environment's own interpreter: from the file that is installed.

    Raises `BuildError` when it can't be imported or comes from somewhere else.
    """
    python, module, word = venv / "bin" / "python", proven.module, secrets.token_hex(8)
    isolation = isolate(workspace)
    apart = isolation.around(Access((venv, *python_folders(python))))
    with TemporaryDirectory() as folder:
        home = Path("/tmp" if isolation.sandbox else folder)
        finished = run_tool(
            [*apart, python, "-c", _IMPORT, module, word],
            cwd=Path("/"),
            env=subject_environment(venv, home, own),
            timeout_s=120,
        )
    answers = [line for line in finished.stdout.splitlines() if line.startswith(word)]
    if not finished.ok or not answers:
        raise BuildError(
            f"{module!r} can't be imported in its own environment:\n{finished.last_lines(8)}",
        )
    said = json.loads(answers[0].removeprefix(word))
    installed = (venv / proven.module_file).resolve()
    if Path(said["file"]).resolve() != installed or said["prefix"] != str(venv):
        raise BuildError(f"`import {module}` takes {said['file']}, not {installed}.")
    if not said["safe_path"] or said["user_site"]:
        raise BuildError("The interpreter ignores PYTHONSAFEPATH or PYTHONNOUSERSITE.")
