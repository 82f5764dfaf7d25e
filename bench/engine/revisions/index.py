"""Releases of a distribution on the package index (PyPI's simple JSON API, PEP 691/700)."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
from packaging.tags import compatible_tags, cpython_tags, parse_tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from bench.core.errors import UsageError
from bench.core.files import write_atomically


class Release(msgspec.Struct, frozen=True):
    """One release: its version and when its first file was uploaded (ISO 8601, UTC).

    `wheels` are their tags, `cp313-cp313-win_amd64`, each once.
    """

    version: str
    uploaded: str
    yanked: bool = False
    wheels: tuple[str, ...] = ()

    def has_wheel(self, python: str) -> bool:
        """Whether a wheel of it can be installed here, for CPython `X.Y`."""
        major, minor = map(int, python.split("."))
        usable = {
            *cpython_tags((major, minor)),
            *compatible_tags((major, minor), f"cp{major}{minor}"),
        }
        return any(usable & parse_tag(one) for one in self.wheels)


class Listing(msgspec.Struct, frozen=True):
    """The releases of one distribution, oldest version first, as looked up at `looked_up`."""

    distribution: str
    index: str
    looked_up: str
    releases: tuple[Release, ...]

    def find(self, version: Version) -> Release | None:
        """The release with this version, however it is spelled."""
        return next((r for r in self.releases if Version(r.version) == version), None)

    def before(self, version: Version) -> Release | None:
        """The newest release older than this version; pre-releases only before a pre-release."""
        older = [
            release
            for release in self.releases
            if Version(release.version) < version
            and not release.yanked
            and (version.is_prerelease or not Version(release.version).is_prerelease)
        ]
        return older[-1] if older else None


class PackageIndex:
    """The package index, with its answers remembered in a folder so that they work offline."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory

    @property
    def url(self) -> str:
        """The index uv would use as well."""
        for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
            if os.environ.get(variable):
                return os.environ[variable].rstrip("/")
        return "https://pypi.org/simple"

    def remembered(self, distribution: str) -> Listing | None:
        """What an earlier look-up found, or None."""
        try:
            listing = msgspec.json.decode(self._file(distribution).read_bytes(), type=Listing)
        except (OSError, msgspec.DecodeError):
            return None
        return listing if listing.index == _without_credentials(self.url) else None

    def look_up(self, distribution: str) -> Listing:
        """Ask the index and remember the answer.

        Raises `UsageError` when the index cannot be reached or does not know the distribution.
        """
        page = f"{_without_credentials(self.url)}/{canonicalize_name(distribution)}/"
        request = urllib.request.Request(
            page, headers={"Accept": "application/vnd.pypi.simple.v1+json", **_login(self.url)}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                releases = _releases(json.load(answer)["files"])
        except urllib.error.HTTPError as error:
            error.close()  # it is an open answer
            raise UsageError(
                f"The package index answered {error.code} for {distribution!r}.",
                "Is `distribution` in the target's TOML file spelled as on the index?",
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"The package index could not be asked for the releases of {distribution!r}: "
                f"{error}",
                "Check the network, or name commits of a clone (--repo PATH) instead.",
            ) from error
        listing = Listing(
            canonicalize_name(distribution),
            _without_credentials(self.url),
            datetime.now(UTC).isoformat(timespec="seconds"),
            releases,
        )
        write_atomically(self._file(distribution), msgspec.json.encode(listing))
        return listing

    def _file(self, distribution: str) -> Path:
        return self._memory / f"{canonicalize_name(distribution)}.json"


def _releases(files: list[dict[str, object]]) -> tuple[Release, ...]:
    first: dict[Version, Release] = {}
    wheels: dict[Version, dict[str, None]] = {}
    for file in files:
        name = str(file["filename"])
        version = _version_of(name)
        uploaded = str(file.get("upload-time", ""))
        if version is None:
            continue
        if name.endswith(".whl"):
            wheels.setdefault(version, {})["-".join(name[:-4].split("-")[-3:])] = None
        known = first.get(version)
        if known is None or uploaded < known.uploaded:
            first[version] = Release(str(version), uploaded, bool(file.get("yanked")))
    return tuple(
        msgspec.structs.replace(first[one], wheels=tuple(wheels.get(one, ())))
        for one in sorted(first)
    )


def _version_of(filename: str) -> Version | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _login(url: str) -> dict[str, str]:
    parts = urllib.parse.urlsplit(url)
    if not parts.username:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}


def _without_credentials(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
