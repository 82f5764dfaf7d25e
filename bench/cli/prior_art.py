"""`python -m bench prior-art`: measure published work again, and write its summaries."""

from __future__ import annotations

import argparse

from bench.cli.arguments import add_pythons, describe
from bench.core.catalogue import load_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.workspace import find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import pythons_of
from bench.report.screen.watchers import make_watcher
from bench.validate.prior_art.declaration import declared_names, load_prior_art
from bench.validate.prior_art.measure import PriorArtSession


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured again."""
    describe(
        parser,
        "Reproduce the published Rich and pip results: measure what prior-art/*.toml declares and "
        "is not in data/ yet, then write prior-art/*-summary.md, with the published figures beside "
        "the measured ones.",
        "prior-art rich --python 3.13",
        "prior-art --no-series",
    )
    parser.add_argument(
        "name",
        nargs="*",
        metavar="NAME",
        help="a file of prior-art/, without .toml. Default: all of them",
    )
    add_pythons(parser)
    parser.add_argument(
        "--again", action="store_true", help="measure again what data/ already holds"
    )
    parser.add_argument(
        "--no-series",
        dest="series",
        action="store_false",
        help="leave out the series along commits, which take hours",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Measure what is declared and not there yet, then write everything. Raises `BenchError`."""
    workspace = find_workspace()
    names = arguments.name or declared_names(workspace.prior_art)
    if not names:
        raise UsageError(f"There is no declaration (NAME.toml) in {workspace.prior_art}.")
    declared = {name: load_prior_art(name, workspace.prior_art) for name in names}
    errors: list[BenchError] = []
    with make_watcher() as watcher, at_work(workspace):
        for one in declared.values():
            target = load_target(one.target, workspace.targets)
            interpreters = pythons_of(target, arguments.python, watcher.say)
            session = PriorArtSession(
                declared=one,
                target=target,
                interpreters=tuple(interpreters),
                workspace=workspace,
                watcher=watcher,
                again=arguments.again,
            )
            session.run(with_series=arguments.series)
            errors += session.errors
    from bench.report.write import write_report  # noqa: PLC0415 - plotting is slow to import

    for problem in write_report(workspace).problems:
        print(f"bench: {problem}")
    for name in names:
        print(f"Summary: {workspace.prior_art / f'{name}-summary.md'}")
    return errors[0].status if errors else ExitStatus.DONE
