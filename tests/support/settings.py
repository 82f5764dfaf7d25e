"""A small package's scenario as the detectors run it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bench.core.target import Benchmark
from bench.engine.environments.build import Environment
from bench.explain.patterns.setting import Setting
from support.import_packages import RUNNER, Package


def setting_of(package: Package) -> Setting:
    """With times made up: 100 ms, of which a bare interpreter takes 20."""
    bare = Benchmark(name="bare", statement="pass")
    invocation = package.invocation
    environment = SimpleNamespace(venv=Path(sys.prefix))
    return Setting(
        cast("Environment", environment),
        (package.folder / "own",),
        package.folder / "tried",
        package.benchmark,
        invocation,
        invocation,
        invocation,
        (bare, replace(invocation, argv=(*invocation.argv[:-1], "pass"))),
        RUNNER,
        process_s=0.1,
        bare_s=0.02,
    )
