"""`python -m bench export`: what was measured, in forms that other tools read."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cli.arguments import describe
from bench.cli.chosen import matches
from bench.cli.write_up import say_problems
from bench.core.errors import DataError, ExitStatus, UsageError
from bench.core.files import write_atomically
from bench.core.workspace import Workspace, find_workspace
from bench.engine.store.place import run_folders
from bench.engine.store.run import Run, read_placed, read_run
from bench.report.select_runs import Evaluated, evaluated, pair_of

# By name: the module, which is imported where it is asked for, and its function.
FORMATS = {
    "csv": ("tables", "as_csv"),
    "bencher": ("bencher", "as_bencher"),
    "openmetrics": ("openmetrics", "as_openmetrics"),
    "badge": ("badge", "badge"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs."""
    describe(
        parser,
        "Give what was measured to other tools. By default base.json and head.json, which pyperf "
        "compare_to, stats, hist and check read, are written into the folder of each run that is "
        "named: they are made from rounds.jsonl and may be deleted. Other formats are printed, or "
        "written to --output.",
        "export codeflash 0.20.5..0.20.6",
        "export codeflash --format csv --output codeflash.csv",
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
    parser.add_argument(
        "--format",
        choices=("pyperf", *FORMATS),
        default="pyperf",
        help="pyperf: files beside the rounds; csv: a line for each benchmark; bencher: Bencher "
        "Metric Format (JSON); openmetrics: for Prometheus; badge: an SVG of the newest pair. "
        "Default: %(default)s",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="where the other formats are written to. Default: standard output",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Write the files of each run and name its folder; 2 where some could not be read.

    Raises `UsageError` or `DataError`.
    """
    runs, problems = _chosen(arguments.what, arguments.range, find_workspace())
    say_problems(problems)
    if arguments.format == "pyperf":
        if arguments.output:
            raise UsageError("--output is for the other formats: pyperf files lie with their runs.")
        _write_pyperf(runs)
    elif runs:
        text = _text(arguments.format, [evaluated(one.folder) for one in runs])
        _put(text, arguments.output)
    return ExitStatus.USAGE if problems else ExitStatus.DONE


def _write_pyperf(runs: Sequence[Run]) -> None:
    # pyperf is slow to import, and no other command needs it before it measures.
    from bench.engine.store.export import export_pyperf  # noqa: PLC0415

    for one in runs:
        written = export_pyperf(one)
        said = f"{len(written)} pyperf files" if written else "nothing was measured"
        print(f"{one.folder}: {said}")


def _text(form: str, runs: Sequence[Evaluated]) -> str:
    """The runs, oldest first, in one of `FORMATS`."""
    module, name = FORMATS[form]
    make = getattr(importlib.import_module(f"bench.report.exchange.{module}"), name)
    ordered = sorted(runs, key=lambda one: one.run.manifest.started_at)
    if form == "badge":
        label = ordered[-1].run.manifest.pair.label
        pair = pair_of([one for one in ordered if one.run.manifest.pair.label == label])
        return str(make(pair.newest_on.shown))
    return str(make(ordered))


def _put(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        write_atomically(output, text)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    print(f"Written: {output}")


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
