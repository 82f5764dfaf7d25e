"""Fetch a file of a release from the index; kept, so that a second session needs no network."""

from __future__ import annotations

import hashlib
import http.client
import json
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from packaging.tags import platform_tags
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from bench.core.files import write_atomically
from bench.core.workspace import Workspace
from bench.engine.revisions.index import PackageIndex

_ACCEPT = {"Accept": "application/vnd.pypi.simple.v1+json"}
_Entry = dict[str, Any]


@dataclass(frozen=True)
class ReleaseFile:
    """A verified file."""

    file: Path
    sha256: str


def fetch_sdist(distribution: str, version: str, workspace: Workspace) -> ReleaseFile | None:
    """The release's `.tar.gz`, or None when it has none or the index can't be asked for it."""
    return _fetch(distribution, version, workspace.cache / "sdists", ".tar.gz", _sdist, workspace)


def fetch_wheel(distribution: str, version: str, workspace: Workspace) -> ReleaseFile | None:
    """One of the release's wheels, one for every machine if it has such.

    None when it has none for this machine or the index can't be asked for it. It may be for another
    Python than the one that is measured: what it says of its project is the same.
    """
    return _fetch(distribution, version, workspace.cache / "wheels", ".whl", _wheel, workspace)


def _fetch(
    distribution: str,
    version: str,
    folder: Path,
    ending: str,
    choose: Callable[[Iterable[_Entry], Version], _Entry | None],
    workspace: Workspace,
) -> ReleaseFile | None:
    name = canonicalize_name(distribution)
    for file in folder.glob(f"{name}-{version}-*{ending}"):
        return ReleaseFile(file, file.name.removesuffix(ending).rpartition("-")[2])
    try:
        page = f"{PackageIndex(workspace.lookups).url}/{name}/"
        offered = choose(json.loads(_get(page))["files"], Version(version))
        if offered is None:
            return None
        content = _get(urljoin(page, offered["url"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    digest = hashlib.sha256(content).hexdigest()
    if digest != offered["hashes"]["sha256"]:
        return None
    kept = folder / f"{name}-{version}-{digest}{ending}"
    write_atomically(kept, content)
    return ReleaseFile(kept, digest)


def _sdist(files: Iterable[_Entry], version: Version) -> _Entry | None:
    for file in files:
        try:
            found = parse_sdist_filename(file["filename"])[1]
        except InvalidSdistFilename:
            continue
        if found == version and file["filename"].endswith(".tar.gz"):
            return file
    return None


def _wheel(files: Iterable[_Entry], version: Version) -> _Entry | None:
    order = {one: place for place, one in enumerate(("any", *platform_tags()))}
    fitting: list[tuple[int, _Entry]] = []
    for file in files:
        try:
            _, found, _, tags = parse_wheel_filename(file["filename"])
        except InvalidWheelFilename:
            continue
        places = [order[one.platform] for one in tags if one.platform in order]
        if found == version and places:
            fitting.append((min(places), file))
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _get(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=_ACCEPT), timeout=60) as answer:
        content: bytes = answer.read()
    return content
