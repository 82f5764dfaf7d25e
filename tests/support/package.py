"""The package: built and installed once for all tests that run the command `duetbench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.core.lock import exclusive
from support.sample_project import Repository, sample_files
from support.sandbox import ROOT

_UV = str(Path(sys.executable).with_name("uv"))


def build_wheel(shared: Path) -> Path:
    """The wheel of this checkout."""
    folder = shared / "dist"
    with exclusive(shared / "dist.lock", wait=True):
        if not folder.is_dir():
            _uv("build", "--quiet", "--wheel", "--out-dir", folder)
    return next(folder.glob("*.whl"))


def install(shared: Path, wheel: Path) -> Path:
    """The command of an environment that holds the wheel and what it needs, nothing else."""
    folder = shared / "installed"
    with exclusive(shared / "installed.lock", wait=True):
        if not folder.is_dir():
            half = shared / "half-installed"
            _uv("venv", "--quiet", "--clear", "--relocatable", "--python", sys.executable, half)
            locked = shared / "locked.txt"
            locked.write_text(
                _uv("export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes")
            )
            python = half / "bin" / "python"
            _uv("pip", "install", "--quiet", "--python", python, "-r", locked)
            _uv("pip", "install", "--quiet", "--no-deps", "--python", python, wheel)
            half.rename(folder)
    return folder / "bin" / "duetbench"


def slower_project(path: Path) -> Repository:
    """A project with two commits, v1.0.0 and v1.1.0, which does ten times the work at start."""
    made = Repository.create(path)
    for version, work in (("1.0.0", 4), ("1.1.0", 40)):
        files = sample_files(version, extra=False, comment=f"sum(range({work}00_000))\n")
        made.commit(files, f"Version {version}", tag=f"v{version}")
    return made


def _uv(*words: str | Path) -> str:
    done = subprocess.run(
        [_UV, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
