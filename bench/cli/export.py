"""`python -m bench export`: make pyperf files again from rounds that were kept."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.cli.arguments import describe
from bench.cli.chosen import matches
from bench.core.errors import DataError, ExitStatus, UsageError
from bench.core.workspace import Workspace, find_workspace
from bench.engine.store.place import run_folders
from bench.engine.store.run import Run, read_placed, read_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs."""
    describe(
        parser,
        "Write base.json and head.json, which pyperf compare_to, stats, hist and check read, into "
        "the folder of each run that is named. They are made from rounds.jsonl and may be deleted.",
        "export codeflash 0.20.5..0.20.6",
        "export data/codeflash/0.20.5..0.20.6/py3.13/MACHINE/RUN",
    )
    parser.add_argument(
        "what", metavar="RUN|TARGET", help="the folder of a run, or a target that was measured"
    )
    parser.add_argument(
        "range",
        nargs="?",
        metavar="RANGE",
        help="with TARGET: only runs of base..head, or of any pair with this head. Default: all "
        "runs of the target",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Write the files of each run and name its folder; 2 where some could not be read.

    Raises `UsageError` or `DataError`.
    """
    # pyperf is slow to import, and no other command needs it before it measures.
    from bench.engine.store.export import export_pyperf  # noqa: PLC0415

    runs, problems = _chosen(arguments.what, arguments.range, find_workspace())
    for problem in problems:
        print(f"bench: {problem}", file=sys.stderr)
    for one in runs:
        written = export_pyperf(one)
        said = f"{len(written)} pyperf files" if written else "nothing was measured"
        print(f"{one.folder}: {said}")
    return ExitStatus.USAGE if problems else ExitStatus.DONE


def _chosen(
    what: str, asked: str | None, workspace: Workspace
) -> tuple[list[Run], list[DataError]]:
    """The runs that are meant, and what could not be read of the target."""
    folder = Path(what)
    if (folder / "run.json").is_file():
        if asked is not None:
            raise UsageError(
                "RANGE chooses among the runs of a target; leave it out with the folder of a run."
            )
        return [read_run(folder)], []
    found: list[Run] = []
    problems: list[DataError] = []
    for one in run_folders(workspace.data):
        if _target(one) == what:
            try:
                run = read_placed(one)
            except DataError as error:
                problems.append(error)
                continue
            if run.refused is None and (asked is None or matches(run.manifest.pair, asked)):
                found.append(run)
    if not (found or problems):
        named = f"{what} {asked}" if asked else what
        raise UsageError(
            f"{workspace.data} has no run of {named}.",
            "Name a target that was measured, or the folder of a run (it holds run.json).",
        )
    return found, problems


def _target(run: Path) -> str:
    """`TARGET/PAIR/pyX.Y/MACHINE/RUN`."""
    return run.parents[3].name
