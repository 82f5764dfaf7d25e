"""Small projects for recipes: committed, installed in a folder, and recorded as told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bench.core.target import Benchmark, parse_target
from bench.engine.environments.build import Environment
from bench.engine.revisions.git import Clone
from bench.explain.optimize.change import Proposal
from bench.explain.optimize.project import Project, Scenario
from bench.explain.rank.ranked_imports import RankedImports

_TARGET = """
name = "demo"
layer = "core engine"
distribution = "demo"
module = "demo"

[[benchmark]]
name = "version"
command = ["demo", "--version"]
"""
_GIT = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0")
_SCRIPT = (
    "import sys\nfrom demo.cli import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
)


class RecipeProject:
    """A repository under `folder/clone`, its modules installed under `folder/env`."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str],
        *,
        alone: bool = True,
        libraries: Path | None = None,
    ) -> None:
        self.options = ("-S",) if alone else ()  # without the packages of the harness
        self.libraries = libraries
        self.clone = folder / "clone"
        self.site = folder / "env/venv/lib/python3.13/site-packages"
        for path, text in files.items():
            file = self.clone / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self._git("init", "--quiet")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message=All")
        self.commit = self._git("rev-parse", "HEAD").strip()
        self.modules = [path for path in files if not path.startswith("tests/")]
        self.install({path: files[path] for path in self.modules})
        self.declare("demo = demo.cli:main")
        self.folder = folder

    def install(self, texts: Mapping[str, str]) -> None:
        """Write modules to the environment."""
        for path, text in texts.items():
            file = self.site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def declare(self, script: str) -> None:
        """The console script."""
        folder = self.site / "demo-1.2.dist-info"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"[console_scripts]\n{script}\n"
        (folder / "entry_points.txt").write_text(text, encoding="utf-8")
        (folder / "METADATA").write_text("Name: demo\nVersion: 1.2\n", encoding="utf-8")

    def project(
        self,
        command: Sequence[str] = ("demo", "--version"),
        *,
        lines: Mapping[str, Sequence[int]] | None = None,
        costs_s: Mapping[tuple[str, int], float] | None = None,
        instances: Mapping[str, int] | None = None,
    ) -> Project:
        """One scenario of 100 ms that imports all modules and ran these lines."""
        ran = {
            (str(self.site / path), one) for path, those in (lines or {}).items() for one in those
        }
        top = {(str(self.site / path), line): s for (path, line), s in (costs_s or {}).items()}
        names = {
            ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__"): str(
                self.site / path
            )
            for path in self.modules
        }
        imports = SimpleNamespace(
            graph=SimpleNamespace(recording=SimpleNamespace(modules=names, lines=ran)),
            timed=SimpleNamespace(
                scenario=SimpleNamespace(process_s=0.1, whole_s={}),
                bare=SimpleNamespace(process_s=0.01),
                top=top,
            ),
        )
        scenario = Scenario(
            benchmark=Benchmark(name="only", command=tuple(command)),
            imports=cast(RankedImports, imports),
            instances=instances or {},
        )
        environment = SimpleNamespace(venv=self.folder / "env/venv", folder=self.folder / "env")
        return Project(
            target=parse_target(_TARGET),
            clone=Clone(self.clone),
            commit=self.commit,
            python="3.13",
            environment=cast(Environment, environment),
            scenarios=(scenario,),
            files={self.site / path: path for path in self.modules},
        )

    def apply(self, proposal: Proposal) -> dict[str, str]:
        """Install what all changes write; returns the texts."""
        texts = dict(proposal.rewrite([site for one in proposal.changes for site in one.sites]))
        self.install(texts)
        return texts

    def run(self, *words: str, name: str = "demo", **env: str) -> tuple[int, str, str]:
        """Run the console script: status, output, errors."""
        script = self.folder / name
        script.write_text(_SCRIPT, encoding="utf-8")
        return self._python(str(script), *words, **env)

    def python(self, program: str) -> str:
        """What a program prints in the environment; it has to succeed."""
        status, output, errors = self._python("-c", program)
        assert status == 0, errors
        return output

    def _python(self, *words: str, **env: str) -> tuple[int, str, str]:
        places = [self.site, *([self.libraries] if self.libraries else [])]
        done = subprocess.run(
            [sys.executable, "-B", *self.options, *words],
            env={
                "PYTHONPATH": os.pathsep.join(map(str, places)),
                "PYTHONDONTWRITEBYTECODE": "1",
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def _git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *_GIT, *words], cwd=self.clone, check=True, capture_output=True, text=True
        ).stdout
