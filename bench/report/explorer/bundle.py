"""The explorer's own files: built once from its sources and pinned packages, then kept.

`assets/package-lock.json` pins every package with a hash of its content, which npm checks. The
network is needed for the first build only, and never to look at the page.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.process import Finished, run_tool
from bench.core.program import install

ASSETS = Path(__file__).with_name("assets")
_BUILT = ("explorer.js", "charts.js", "explorer.css", "index.html", "licences.txt")
_ENTRIES = ("src/explorer.js", "src/charts.js", "explorer.css")
# Used to build and to test, and not part of the page.
_TOOLS = {"esbuild", "@esbuild", "axe-core", ".bin", ".package-lock.json"}
_DIGITS = 16


@dataclass(frozen=True)
class Bundle:
    """Files of the page by name, the same for everything that is measured."""

    files: dict[str, bytes]


def bundle(cache: Path) -> Bundle:
    """The built files, from the cache where their sources are as they were.

    Raises `BenchError` when npm is missing, or the packages can't be had or are not those pinned.
    """
    folder = built_folder(cache)
    return Bundle({name: (folder / name).read_bytes() for name in _BUILT})


def built_folder(cache: Path) -> Path:
    """Where the built files lie, with `axe.min.js`, by which the tests judge the page."""
    folder = cache / "explorer" / _digest()
    if not folder.is_dir():
        _build(folder)
    return folder


def _digest() -> str:
    """Of all sources, this file among them: what is built follows from nothing else."""
    content = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(ASSETS.rglob("*")):
        if file.is_file():
            content.update(f"{file.relative_to(ASSETS)}\0".encode() + file.read_bytes())
    return content.hexdigest()[:_DIGITS]


def _build(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as name:
        work, built = Path(name, "work"), Path(name, "built")
        shutil.copytree(ASSETS, work)
        npm = npm_program()
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], work)
        _run(
            [
                *(work / "node_modules/.bin/esbuild", *_ENTRIES, "--bundle", "--minify"),
                *("--format=iife", "--target=es2020", "--outbase=src", f"--outdir={built}"),
            ],
            work,
        )
        (built / "explorer.css").write_bytes(_style(built).read_bytes())
        shutil.copy(work / "index.html", built)
        shutil.copy(work / "node_modules/axe-core/axe.min.js", built)
        (built / "licences.txt").write_text(_licences(work / "node_modules"), encoding="utf-8")
        try:
            built.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise


def _style(built: Path) -> Path:
    """Where esbuild put the style sheet: it lies above the scripts' common folder."""
    return next(built.rglob("*.css"))


def npm_program() -> str:
    """The npm of this environment, else the one on PATH; raises `BenchError` without one."""
    own = Path(sys.executable).parent
    found = shutil.which("npm", path=os.pathsep.join((str(own), os.environ.get("PATH", ""))))
    if found is None:
        raise BenchError(
            "The explorer is built with npm, which is not installed.", f"{install('site')}."
        )
    return found


def _run(command: list[str | Path], work: Path) -> Finished:
    own = str(Path(command[0]).parent)
    path = os.pathsep.join((own, os.environ.get("PATH", os.defpath)))
    done = run_tool(command, cwd=work, env={**os.environ, "PATH": path})
    if not done.ok:
        raise BenchError(
            f"The explorer could not be built: {done.describe()}\n{done.last_lines()}",
            "The first build needs the package registry (registry.npmjs.org).",
        )
    return done


def _licences(packages: Path) -> str:
    """The texts of all packages that are part of the page."""
    texts = ["The explorer contains these packages."]
    for file in sorted(packages.rglob("LICENSE*")):
        package = file.parent.relative_to(packages)
        if package.parts[0] not in _TOOLS:
            texts.append(f"{package.as_posix()}\n\n{file.read_text(encoding='utf-8').strip()}")
    return f"\n\n{'-' * 72}\n\n".join(texts) + "\n"
