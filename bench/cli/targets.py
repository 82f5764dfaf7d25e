"""`python -m bench targets [NAME]`."""

from __future__ import annotations

import argparse
from collections import Counter

from bench.core.catalogue import load_target, target_names
from bench.core.errors import BenchError, ExitStatus
from bench.core.target import Target
from bench.core.workspace import find_workspace
from bench.formats.tables import render


def targets_command(arguments: argparse.Namespace) -> ExitStatus:
    """List every target, or one target's benchmarks; files that can't be read are named."""
    workspace = find_workspace()
    if arguments.target:
        return _one(load_target(arguments.target, workspace.targets))
    rows, problems = [], []
    for name in target_names(workspace.targets):
        try:
            target = load_target(name, workspace.targets)
        except BenchError as error:
            problems.append(error)
            continue
        groups = Counter(one.group for one in target.benchmark)
        benchmarks = ", ".join(f"{group} {count}" for group, count in groups.items())
        rows.append([name, target.layer, target.default_range or "–", benchmarks])
    columns = ("target", "layer", "default range", "benchmarks by group")
    print(render(columns, rows, "simple", align="left"))
    for problem in problems:
        print(f"\n{problem}")
    return problems[0].status if problems else ExitStatus.DONE


def _one(target: Target) -> ExitStatus:
    rows = [
        [one.name, one.group, "yes" if one.default else "no", one.note] for one in target.benchmark
    ]
    columns = ("benchmark", "group", "by default", "note")
    print(render(columns, rows, "simple", align="left"))
    return ExitStatus.DONE
