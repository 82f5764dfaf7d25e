"""`python -m bench targets [NAME]`."""

from __future__ import annotations

import argparse
from collections import Counter

from bench.cli.arguments import describe
from bench.cli.target_choice import chosen_target
from bench.core.catalogue import load_target, target_names
from bench.core.errors import BenchError, ExitStatus
from bench.core.target import Target
from bench.core.workspace import find_workspace
from bench.engine.suites.expand import with_suites_at_hand
from bench.formats.tables import render


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A target, or none for all of them."""
    describe(
        parser,
        "List the targets, each with its layer, default range and benchmarks by group. With a "
        "TARGET: list its benchmarks, of suites those that its clone has. Targets are the files in "
        "bench/targets/, or in the folder that the variable BENCH_TARGETS names.",
        "targets",
        "targets codeflash",
    )
    parser.add_argument(
        "target",
        nargs="?",
        default="",
        metavar="TARGET",
        help="list the benchmarks of this target, checkout (a folder) or package",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """List every target, or one target's benchmarks; files that can't be read are named."""
    workspace = find_workspace()
    if arguments.target:
        target = chosen_target(arguments, workspace)
        return _one(with_suites_at_hand(target, workspace))
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
        [one.name, one.group, "yes" if one.default else "no", one.note or one.suite]
        for one in target.benchmark
    ]
    columns = ("benchmark", "group", "by default", "note")
    print(render(columns, rows, "simple", align="left"))
    return ExitStatus.DONE
