"""Fetch the source distribution of a release; kept, so that a second session needs no network."""

from __future__ import annotations

import hashlib
import http.client
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import Version

from bench.core.files import write_atomically
from bench.core.workspace import Workspace
from bench.engine.revisions.index import PackageIndex

_ACCEPT = {"Accept": "application/vnd.pypi.simple.v1+json"}


@dataclass(frozen=True)
class Sdist:
    """A verified file."""

    file: Path
    sha256: str


def fetch_sdist(distribution: str, version: str, workspace: Workspace) -> Sdist | None:
    """The release's `.tar.gz`, or None when it has none or the index can't be asked for it."""
    name = canonicalize_name(distribution)
    folder = workspace.cache / "sdists"
    for file in folder.glob(f"{name}-{version}-*.tar.gz"):
        return Sdist(file, file.name.removesuffix(".tar.gz").rpartition("-")[2])
    try:
        page = f"{PackageIndex(workspace.lookups).url}/{name}/"
        offered = _offered(json.loads(_get(page)), version)
        if offered is None:
            return None
        content = _get(urljoin(page, offered["url"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    digest = hashlib.sha256(content).hexdigest()
    if digest != offered["hashes"]["sha256"]:
        return None
    kept = folder / f"{name}-{version}-{digest}.tar.gz"
    write_atomically(kept, content)
    return Sdist(kept, digest)


def _offered(page: dict[str, Any], version: str) -> dict[str, Any] | None:
    for file in page["files"]:
        try:
            found = parse_sdist_filename(file["filename"])[1]
        except InvalidSdistFilename:
            continue
        if found == Version(version) and file["filename"].endswith(".tar.gz"):
            entry: dict[str, Any] = file
            return entry
    return None


def _get(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=_ACCEPT), timeout=60) as answer:
        content: bytes = answer.read()
    return content
