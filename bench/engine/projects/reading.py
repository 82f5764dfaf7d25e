"""A checkout's path, or a name on the package index → a target that no file declares."""

from __future__ import annotations

import re
import tarfile
import urllib.parse
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from bench.core.errors import UsageError
from bench.core.program import COMMAND
from bench.core.scratch import scratch_folder
from bench.core.target import Target, parse_target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import find_interpreter
from bench.engine.projects.layout import find_package
from bench.engine.projects.metadata import FILES, Metadata, read_metadata
from bench.engine.projects.own_tests import find_own_tests
from bench.engine.projects.proposal import ReadProject, TargetText, propose
from bench.engine.projects.timed_tests import find_asv_suite, find_timed_tests
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.index import Listing, PackageIndex, Release
from bench.engine.revisions.ranges import parse_range
from bench.engine.sources.release_files import fetch_sdist, fetch_wheel

INDEX = "pypi:"  # before a name: the package index is meant, whatever is called so here
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_DEPTH = 3
_READ, _METADATA = (".py", *FILES), (".egg-info/", ".dist-info/")


@dataclass(frozen=True, kw_only=True)
class FoundProject:
    """A project, and the checkout that its revisions come from; None for one of the index."""

    project: ReadProject
    repo: Path | None

    def target(
        self, *, declared: bool = False, with_tests: bool = False
    ) -> tuple[Target, TargetText]:
        """As a target, and its text; `declared` for a file, which only changes its name."""
        proposal = propose(self.project, is_here=_is_here, declared=declared, with_tests=with_tests)
        return parse_target(proposal.text), proposal


def is_path(word: str) -> bool:
    """Whether a word can only mean a folder, or there is a folder of that name."""
    return word in {".", ".."} or "/" in word or word.startswith("~") or Path(word).is_dir()


def is_distribution(word: str) -> bool:
    """Whether a package on the index may be called so."""
    return bool(_DISTRIBUTION.fullmatch(word.removeprefix(INDEX)))


def read_checkout(path: Path) -> FoundProject:
    """The project in a folder of a git checkout; raises `UsageError` where there is none."""
    folder = path.expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", _WANTED)
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if root is None:
        raise UsageError(
            f"{folder} is in no git checkout, so that it has no revisions to compare.",
            f"{_WANTED} A project on the package index is measured by its name, without a folder.",
        )
    clone = open_clone(root)
    metadata = read_metadata(folder)
    if not metadata.name:
        raise _no_project(folder, root)
    base, why = clone.usual_base(metadata.name, is_whole=folder == root)
    usual = f"{base}..HEAD" if base else ""
    if clone.is_dirty:
        usual, why = "HEAD..", "what is not committed"
    return FoundProject(
        project=_project(
            folder,
            metadata,
            subfolder="" if folder == root else folder.relative_to(root).as_posix(),
            clone=_shared(clone.origin_url) or str(root),
            default_range=usual,
            why_range=why,
        ),
        repo=root,
    )


def read_release(word: str, wanted_range: str | None, workspace: Workspace) -> FoundProject:
    """The project of that name on the index, as the files of its head describe it.

    Without a range the two newest final releases are meant. Raises `UsageError` when there is no
    such package or release, and when no file of it can be read here.
    """
    name = word.removeprefix(INDEX)
    releases = _releases(name, wanted_range, PackageIndex(workspace.lookups))
    version, with_wheels = releases[0].version, [one for one in releases if one.wheels]
    with scratch_folder(workspace.scratch, "release-") as scratch:
        folder = _unpack(name, version, workspace, scratch)
        metadata = read_metadata(folder)
        if not metadata.name:
            raise UsageError(
                f"No project can be read from release {version} of {name}: its source "
                "distribution says no name.",
                "Write a target's file for it.",
            )
        project = _project(
            folder,
            metadata,
            default_range="" if wanted_range else f"{releases[-1].version}..{version}",
            why_range="the two newest releases",
            is_built=lambda python: all(one.has_wheel(python) for one in with_wheels),
        )
    return FoundProject(project=project, repo=None)


def _unpack(name: str, version: str, workspace: Workspace, scratch: Path) -> Path:
    """The folder of a release's source distribution, which has its tests too, or of a wheel."""
    found = fetch_sdist(name, version, workspace)
    if found is not None:
        try:
            with tarfile.open(found.file) as archive:
                archive.extractall(scratch, filter=_what_is_read)
        except (OSError, tarfile.TarError) as error:
            raise UsageError(f"{found.file} cannot be unpacked: {error}") from error
        return next((one for one in scratch.iterdir() if one.is_dir()), scratch)
    found = fetch_wheel(name, version, workspace)
    if found is None:
        raise UsageError(
            f"{name} {version} has neither a source distribution nor a wheel for this machine on "
            "the index, so that its commands and its package cannot be read.",
            "Write a target's file for it, or name a checkout.",
        )
    try:
        with zipfile.ZipFile(found.file) as wheel:
            wheel.extractall(scratch, [one for one in wheel.namelist() if _is_read(one)])
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{found.file} cannot be unpacked: {error}") from error
    return scratch


def _what_is_read(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    wanted = _is_read(member.name) and member.isfile()
    return tarfile.data_filter(member, path) if wanted else None


def _is_read(path: str) -> bool:
    """Sources and metadata alone: others have thousands of files of data."""
    return path.endswith(_READ) or any(one in path for one in _METADATA)


def _releases(name: str, wanted_range: str | None, index: PackageIndex) -> tuple[Release, ...]:
    """Head, whose files describe the project, and base, if it is told or there is no range."""
    wanted = parse_range(wanted_range) if wanted_range else None
    if wanted is not None:
        if wanted.head.version is None:
            raise UsageError(
                f"{name} is a package of the index, and {wanted_range!r} ends in no version of it.",
                "Versions look like 3.2.3..3.2.4; commits need a checkout: `run PATH RANGE`.",
            )
        known = index.remembered(name)
        listing = known if known and known.find(wanted.head.version) else _listing(name, index)
        head = listing.find(wanted.head.version)
        if head is None:
            raise UsageError(
                f"{name} has no release {wanted.head.text}.",
                f"Releases: https://pypi.org/project/{name}/#history",
            )
        version = wanted.base.version if wanted.base else None
        base = listing.find(version) if version else None
        return (head, base) if base else (head,)
    final = [
        one
        for one in _listing(name, index).releases
        if not one.yanked and not Version(one.version).is_prerelease
    ]
    if len(final) < 2:
        raise UsageError(f"{name} has no two final releases to compare.")
    return final[-1], final[-2]


def _listing(name: str, index: PackageIndex) -> Listing:
    try:
        return index.look_up(name)
    except UsageError as error:
        raise UsageError(
            f"{name!r} is no declared target and no folder here, and no package either: "
            f"{error.message}",
            f"`{COMMAND} targets` lists the declared ones.",
        ) from error


def _project(
    folder: Path,
    metadata: Metadata,
    *,
    subfolder: str = "",
    clone: str = "",
    default_range: str = "",
    why_range: str = "",
    is_built: Callable[[str], bool] = lambda _: True,
) -> ReadProject:
    package = find_package(folder, metadata)
    if package is None:
        raise UsageError(
            f"The package of {metadata.name} was not found below {folder}: nothing there is called "
            "like the project, its build back end or its commands, or is a package in the root, "
            "src/ or lib/.",
            "Write a target's file for it (`module` says what is imported): "
            "bench/targets/_example.toml shows every key.",
        )
    return ReadProject(
        metadata=metadata,
        package=package,
        subfolder=subfolder,
        clone=clone,
        default_range=default_range,
        why_range=why_range,
        timed_tests=find_timed_tests(folder),
        asv_suite=find_asv_suite(folder),
        own_tests=find_own_tests(folder),
        is_built=is_built,
    )


def _no_project(folder: Path, root: Path) -> UsageError:
    there = [name for name in FILES if (folder / name).is_file()]
    found = (
        f"{' and '.join(there)} there say no name that can be read without running code"
        if there
        else "there is no pyproject.toml, setup.cfg or setup.py"
    )
    members = _members(folder)
    hint = "A [project] table with a name and a version is enough, or a target's file for it."
    if members:
        shown = ", ".join(str(one) for one in members[:8])
        hint = f"Projects below it: {shown}. Name one of these folders."
    elif folder != root:
        hint = f"The checkout's root is {root}."
    return UsageError(f"No project can be read from {folder}: {found}.", hint)


def _members(folder: Path) -> list[Path]:
    """Folders not far below that have a project of their own, as one can type them."""
    found: list[Path] = []
    for depth in range(1, _DEPTH + 1):
        for file in sorted(folder.glob("*/" * depth + "pyproject.toml")):
            if not any(part.startswith(".") for part in file.relative_to(folder).parts):
                found += _with_name(file.parent)
    return found


def _with_name(folder: Path) -> Iterable[Path]:
    try:
        return [folder] if read_metadata(folder).name else []
    except UsageError:
        return []


def _shared(url: str) -> str:
    """A URL without a user's name and password, which are nobody else's."""
    parts = urllib.parse.urlsplit(url) if "://" in url else None
    if parts is None or not parts.username or parts.scheme == "ssh":
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _is_here(version: str) -> bool:
    try:
        find_interpreter(version, fetch=False)
    except UsageError:
        return False
    return True


_WANTED = "A project is named by the folder of a git checkout that holds its pyproject.toml."
