"""`python -m bench summary`: the last pair in a few lines, for a job's summary or a comment."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from bench.cli.arguments import describe
from bench.cli.chosen import read_last_pair
from bench.core.errors import ExitStatus
from bench.core.target import READ
from bench.core.workspace import Workspace, find_workspace
from bench.engine.projects.reading import is_path, read_checkout
from bench.report.machine_readable import result_document
from bench.report.pair.brief import brief, more_at
from bench.report.pair.split_section import splits_of
from bench.report.select_runs import PairRuns
from bench.validate.calibration.lookup import fitting, read_calibrations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pair, and in which form."""
    describe(
        parser,
        "Print what was measured last of a pair, in at most 12 lines of Markdown: counts, the "
        "changed benchmarks, the geometric mean and the conditions. Nothing is measured.",
        "summary >> $GITHUB_STEP_SUMMARY",
        "summary codeflash 0.20.5..0.20.6 --format json",
    )
    parser.add_argument(
        "target",
        nargs="?",
        metavar="TARGET",
        help="a target, a checkout or a package. Default: that of the last run",
    )
    parser.add_argument(
        "range",
        nargs="?",
        metavar="RANGE",
        help="a pair base..head, or a revision that is its head. Default: the pair of the last run",
    )
    parser.add_argument(
        "--format",
        choices=("markdown", "json"),
        default="markdown",
        help="json prints what `run --json` prints. Default: %(default)s",
    )
    parser.add_argument(
        "--link",
        metavar="URL",
        default="",
        help="the address of everything that was measured. Default: the job, in GitHub Actions, or "
        "the page in results/",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Print it; 2 where some runs of the pair could not be read. Raises `BenchError`."""
    workspace = find_workspace()
    name = _name(arguments.target, workspace)
    pair, unreadable = read_last_pair(workspace, name, arguments.range)
    on = pair.newest_on
    if arguments.format == "json":
        calibrations = read_calibrations(workspace.data, pair.target)
        splits = splits_of(pair.shown)
        documents = [
            result_document(one, fitting(one.run, calibrations), splits) for one in on.shown
        ]
        json.dump(documents, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        url = arguments.link or _job() or _page(pair, workspace)
        print(brief(pair.target, pair.pair, on, more_at(url) if url else ""), end="")
    return ExitStatus.USAGE if unreadable else ExitStatus.DONE


def _name(word: str | None, workspace: Workspace) -> str | None:
    """The target that is meant by its name, its checkout or its package; None for any."""
    measured = {one.name for one in workspace.data.glob("*")}
    names = (word, f"{word}{READ}")
    if word is None or measured.intersection(names):
        return next((name for name in names if name in measured), None)
    return read_checkout(Path(word)).target()[0].name if is_path(word) else word


def _job() -> str:
    """The address of the job that this runs in; "" outside GitHub Actions."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, number = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{number}" if server and number else ""


def _page(pair: PairRuns, workspace: Workspace) -> str:
    page = workspace.results / pair.target / pair.pair.label / "README.md"
    if not page.is_file():
        return ""
    inside = page.is_relative_to(workspace.root)
    return str(page.relative_to(workspace.root) if inside else page)
