"""A workspace of a test's own, and `python -m bench` run in it as a user would."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.core.workspace import Workspace
from bench.engine.store.place import run_folders
from bench.engine.store.run import Run, read_run
from support.fork_server import ForkServer

ROOT = Path(__file__).parents[2]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Everything a subject could be redirected by, and what makes output depend on who runs the tests.
_NOT_INHERITED = ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "PYTHONPATH", "VIRTUAL_ENV")

_PATIENCE_S = 200.0

TIMING_ONLY = ("--no-report", "--no-counters")

WORK = 'name = "work"\ncommand = ["sample", "work"]'
EXTRA = 'name = "extra"\ngroup = "other"\ncommand = ["sample-extra"]'
IMPORT = 'name = "import"\nimport = "sample.cli"'


def target_text(*benchmarks: str, clone: str = "", released: bool = False, rest: str = "") -> str:
    """The TOML of the sample project's target."""
    tables = "\n".join(f"\n[[benchmark]]\n{one}" for one in benchmarks or (WORK,))
    return f"""\
name = "sample"
layer = "sample layer"
distribution = "sample-project"
module = "sample"
clone = "{clone or "file:///nowhere"}"
released = {str(released).lower()}
default_range = "v1.0.0..v1.1.0"
pythons = ["{PYTHON}"]
{rest}
{tables}
"""


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}


_AT_FIRST = _inherited() | {"PYTHONPATH": str(ROOT)}


@functools.cache
def _fork_server() -> ForkServer:
    return ForkServer.start(_AT_FIRST)


def _with_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it


@dataclass(frozen=True)
class Sandbox:
    """Folders of a test's own; the cache (and what is built in it) may be shared between tests."""

    folder: Path
    cache: Path
    repository: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            root=ROOT,
            targets=self.folder / "targets",
            suites=self.folder / "suites",
            data=self.folder / "data",
            results=self.folder / "results",
            repos=self.folder / "repos",
            cache=self.cache,
            prior_art=self.folder / "prior-art",
            profiles=self.folder / "profiles",
        )

    @property
    def environ(self) -> dict[str, str]:
        """The process environment of `python -m bench`."""
        places = self.workspace
        names = ("targets", "suites", "data", "results", "repos", "cache", "prior_art", "profiles")
        folders = {f"BENCH_{name.upper()}": str(getattr(places, name)) for name in names}
        return _inherited() | folders | {"PYTHONPATH": str(ROOT)} | self.extra

    def write_target(self, text: str, name: str = "sample") -> None:
        """Write a target's file."""
        self.workspace.targets.mkdir(parents=True, exist_ok=True)
        (self.workspace.targets / f"{name}.toml").write_text(text, encoding="utf-8")

    def start(self, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.Popen[str]:
        """Start `python -m bench`; signals reach it even where the caller's shell ignores them."""
        return subprocess.Popen(
            [sys.executable, "-m", "bench", *map(str, arguments)],
            cwd=cwd,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_with_signals,  # noqa: PLW1509
        )

    def bench(
        self,
        *arguments: str | Path,
        status: int | None = None,
        cwd: Path = ROOT,
        patience_s: float = _PATIENCE_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m bench` to its end: no traceback, no escape codes, whatever happens."""
        done = self._ended(*map(str, arguments), cwd=cwd, patience_s=patience_s)
        said = done.stdout + done.stderr
        for sign in ("Traceback", "a bug in bench", "\x1b["):
            assert sign not in said, said
        if status is not None:
            assert done.returncode == status, said
        return done

    def _ended(
        self, *arguments: str, cwd: Path, patience_s: float
    ) -> subprocess.CompletedProcess[str]:
        if sys.platform == "linux" and _fork_server().serves(self.environ):
            return _fork_server().run(arguments, self.environ, cwd, patience_s)
        with self.start(*arguments, cwd=cwd) as process:
            output, errors = process.communicate(timeout=patience_s)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def run(
        self, revisions: str, *options: str | Path, status: int | None = 0, rounds: int = 10
    ) -> subprocess.CompletedProcess[str]:
        """`python -m bench run sample` with revisions of the sample repository: timing only."""
        return self.bench(
            "run", "sample", revisions, "--repo", self.repository, *TIMING_ONLY,
            "--rounds", str(rounds), "--budget", "20", *options, status=status,
        )  # fmt: skip

    def results(self, revisions: str, *options: str, rounds: int = 10) -> dict[str, Any]:
        """`run --json`: the document of the only run."""
        done = self.run(revisions, "--json", *options, rounds=rounds)
        (document,) = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    @property
    def runs(self) -> list[Run]:
        """All runs in the data folder."""
        return [read_run(folder) for folder in run_folders(self.workspace.data)]


def by_name(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The benchmarks of a `--json` document."""
    return {one["name"]: one for one in document["benchmarks"]}
