"""The files of suites while they are measured: beside what is installed, never instead of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from bench.core.errors import BenchError
from bench.core.sample import Side
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.pair import Environments
from bench.engine.environments.provenance import Installed
from bench.engine.sources.trees import find_sources
from bench.engine.suites.expand import suite_paths

# Where projects keep what they install, seen from their folder.
ROOTS = (".", "src", "lib", "python")
# Keeps pytest from looking for settings in the folders above, which are this project's own.
_NO_SETTINGS = "[pytest]\n"


@dataclass(frozen=True)
class SuiteFolder:
    """A revision's project without what is installed of it; `access` is what has to be seen.

    `removed` are the folders that were left out, below `project`: suites in them are read from the
    environment itself. `refusal` says why there is none.
    """

    project: Path
    access: Path
    removed: tuple[str, ...] = ()
    refusal: str = ""

    def place(self, path: str, site: Path) -> tuple[Path, str]:
        """The folder that a suite's path is seen from, and the path; `site` is where packages are
        installed.
        """
        for folder in self.removed:
            if path == folder or path.startswith(f"{folder}/"):
                parent = folder.rpartition("/")[0]
                return site, path.removeprefix(f"{parent}/") if parent else path
        return self.project, path


@dataclass(frozen=True)
class SuiteFolders:
    """Those of a pair: each side's own, as far as a benchmark asks for it, and head's for both."""

    head: SuiteFolder | None = None
    own: Mapping[Side, SuiteFolder] = field(default_factory=dict)

    def of(self, benchmark: Benchmark, side: Side) -> SuiteFolder | None:
        """The one that a benchmark's suite on one side lies in."""
        return self.own.get(side) if benchmark.tests_of == "own" else self.head


def suite_folders(
    target: Target,
    benchmarks: Sequence[Benchmark],
    environments: Environments,
    workspace: Workspace,
    repo: Path | None,
    folder: Path,
) -> SuiteFolders:
    """Put the suites of a pair into a new folder, those that benchmarks need."""
    asked = {one.tests_of for one in benchmarks if one.is_suite}
    both = (environments.base, environments.head)

    def put(side: Side, installed: Sequence[Environment]) -> SuiteFolder:
        environment = environments.side(side)
        return _put(target, environment, installed, workspace, repo, folder / side)

    head = put(Side.HEAD, both) if asked else None
    if "own" not in asked or head is None:
        return SuiteFolders(head)
    return SuiteFolders(head, {Side.BASE: put(Side.BASE, both), Side.HEAD: head})


def _put(
    target: Target,
    environment: Environment,
    installed: Sequence[Environment],
    workspace: Workspace,
    repo: Path | None,
    folder: Path,
) -> SuiteFolder:
    revision, paths = environment.record.revision, suite_paths(target)
    try:
        sources = find_sources(target, revision, workspace, repo, paths)
        folder.mkdir(parents=True)
        (folder / "pytest.ini").write_text(_NO_SETTINGS, encoding="utf-8")
        sources.put(folder / "tree")
    except BenchError as error:
        return SuiteFolder(folder, folder, refusal=error.message)
    shutil.rmtree(folder / "tree" / ".git", ignore_errors=True)
    project = folder / "tree" / sources.project
    names = {name for one in installed for name in _names(one)}
    return SuiteFolder(project, folder, remove_packages(project, names))


def remove_packages(project: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Remove packages and modules of a project that are installed; returns the packages' folders.

    A test that imports them then gets what is measured.
    """
    removed = []
    for name in sorted(names):
        for root in ROOTS:
            package = project / root / name
            if package.is_dir():
                shutil.rmtree(package)
                removed.append(f"{root}/{name}".removeprefix("./"))
            (project / root / f"{name}.py").unlink(missing_ok=True)
    return tuple(removed)


def _names(environment: Environment) -> list[str]:
    """What the measured distribution is imported by.

    Not packages of tests, which some projects install by mistake.
    """
    proof, installed = environment.record.provenance, Installed(environment.venv)
    name, own = canonicalize_name(proof.distribution), proof.module.partition(".")[0]
    others = installed.modules_of(name) if name in installed.distributions else []
    return [own, *(one for one in others if not one.startswith(("test", "bench")))]
