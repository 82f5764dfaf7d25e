"""Entry point: one subcommand, one exit status, no traceback for what a user can cause."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.cli.parser import make_parser
from bench.core.errors import BenchError, ExitStatus


def main(words: Sequence[str]) -> int:
    """Run one subcommand and return the exit status."""
    arguments = make_parser().parse_args(words)
    try:
        return int(_dispatch(arguments))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return int(error.status)
    except KeyboardInterrupt:
        print(
            "\nbench: interrupted. What was measured is kept; the same command goes on from here.",
            file=sys.stderr,
        )
        return int(ExitStatus.INTERRUPTED)


def _dispatch(arguments: argparse.Namespace) -> ExitStatus:
    # Imported when needed: `run` must reach its first sample fast, plotting is slow to import.
    # ruff: noqa: PLC0415
    if arguments.command == "run":
        from bench.cli.run import run_command

        return run_command(arguments)
    if arguments.command == "report":
        from bench.cli.report import report_command

        return report_command(arguments)
    if arguments.command == "clean":
        from bench.cli.clean import clean_command

        return clean_command(arguments)
    if arguments.command == "selfcheck":
        from bench.cli.selfcheck import selfcheck_command

        return selfcheck_command(arguments)
    from bench.cli.targets import targets_command

    return targets_command()
