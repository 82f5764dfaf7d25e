"""`python -m bench targets`."""

from __future__ import annotations

import argparse

from bench.catalogue import load_target, target_names
from bench.core.errors import BenchError, ExitStatus
from bench.report.tables import render
from bench.workspace import find_workspace


def targets_command(_arguments: argparse.Namespace) -> ExitStatus:
    """List every target with its layer, default range and benchmarks; bad files are named."""
    workspace = find_workspace()
    rows, problems = [], []
    for name in target_names(workspace.targets):
        try:
            target = load_target(name, workspace.targets)
        except BenchError as error:
            problems.append(error)
            continue
        benchmarks = ", ".join(one.name for one in target.benchmark)
        rows.append([name, target.layer, target.default_range or "–", benchmarks])
    print(render(("target", "layer", "default range", "benchmarks"), rows, "simple"))
    for problem in problems:
        print(f"\n{problem}")
    return problems[0].status if problems else ExitStatus.DONE
