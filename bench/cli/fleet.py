"""`python -m bench fleet plan|join`: what `ansible/bench.yml` asks before and after measuring."""

from __future__ import annotations

import argparse
import json

from bench.cli.arguments import RANGE_HELP, add_pythons, add_repo, count, describe
from bench.core.catalogue import load_target
from bench.core.errors import ExitStatus, NothingMeasuredError, UsageError
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.interpreters import ALL
from bench.engine.fleet.plan import plan_fleet
from bench.engine.fleet.record import (
    Fleet,
    finished_blocks,
    missing_blocks,
    read_fleets,
    write_fleet,
)
from bench.engine.revisions.resolve import resolve_range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step, the pair, and the machines."""
    describe(
        parser,
        "Share the measuring of one pair among several machines. The playbook ansible/bench.yml "
        "calls this; it is rarely needed by hand. A block is one run of all benchmarks on one "
        "Python and one machine.",
        "fleet plan rich 14.0.0..15.0.0 --host a --host b",
        "fleet join rich 14.0.0..15.0.0",
    )
    parser.add_argument(
        "step",
        choices=["plan", "join"],
        help="plan: assign blocks to hosts, and print those still missing as JSON; "
        "join: report which blocks are complete",
    )
    parser.add_argument("target", metavar="TARGET", help="name of a target that a file declares")
    parser.add_argument("range", metavar="RANGE", nargs="?", help=RANGE_HELP)
    add_repo(parser)
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="plan: a machine that measures; may be repeated",
    )
    parser.add_argument(
        "--blocks",
        type=count,
        metavar="N",
        help="plan: number of blocks for each Python. Default: one for each host",
    )
    add_pythons(parser)
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="WORD",
        help="plan: an argument passed on to `bench run` on each host; may be repeated",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Plan a fleet, or say what is missing of it; raises `BenchError`."""
    workspace = find_workspace()
    target = load_target(arguments.target, workspace.targets)
    wanted = arguments.range or target.default_range
    if not wanted:
        raise UsageError(
            f"{target.name} has no default range.", "Name a range, for example main~1..main."
        )
    pair = resolve_range(target, wanted, workspace, arguments.repo)
    if arguments.step == "plan":
        return _plan(arguments, target, pair, workspace)
    return _join(target, pair, workspace)


def _plan(
    arguments: argparse.Namespace, target: Target, pair: Pair, workspace: Workspace
) -> ExitStatus:
    """Print the blocks to be measured now as JSON, and keep the assignment."""
    if ALL in (arguments.python or ()):
        raise UsageError("--python all: machines of a fleet measure Pythons that are named.")
    hosts = list(dict.fromkeys(arguments.host))
    fleet = plan_fleet(
        workspace.data,
        target.name,
        pair,
        arguments.python or target.pythons,
        hosts,
        arguments.blocks,
        arguments.option,
    )
    file = write_fleet(workspace.data, fleet)
    missing = missing_blocks(workspace.data, fleet)
    document = {
        "fleet": fleet.fleet_id,
        "manifest": str(file),
        "target": fleet.target,
        "range": fleet.range,
        "blocks": [
            {"index": block.index, "host": block.host, "python": block.python,
             "arguments": fleet.command(block)}
            for block in missing
        ],
    }  # fmt: skip
    print(json.dumps(document, indent=1))
    return ExitStatus.DONE


def _join(target: Target, pair: Pair, workspace: Workspace) -> ExitStatus:
    """Say what is there and what is not; raises `NothingMeasuredError` when blocks are missing."""
    fleet = _newest(target, pair, workspace)
    finished = finished_blocks(workspace.data, fleet)
    for block in fleet.blocks:
        run = finished.get(block.index)
        state = str(run.folder.relative_to(workspace.data)) if run else "MISSING"
        print(f"block {block.index}, Python {block.python}, {block.host}: {state}")
    missing = [block for block in fleet.blocks if block.index not in finished]
    if missing:
        names = ", ".join(f"{block.index} ({block.host})" for block in missing)
        raise NothingMeasuredError(
            f"{len(missing)} of {len(fleet.blocks)} blocks of {target.name} {pair.label} are "
            f"missing: {names}.",
            "What was measured is in data/. The same command measures only what is missing.",
        )
    return ExitStatus.DONE


def _newest(target: Target, pair: Pair, workspace: Workspace) -> Fleet:
    for fleet in read_fleets(workspace.data, target.name, pair):
        return fleet
    raise UsageError(
        f"There is no fleet of {target.name} {pair.label}.",
        "`ansible-playbook bench.yml` makes one, or `python -m bench fleet plan`.",
    )
