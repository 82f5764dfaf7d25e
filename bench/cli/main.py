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
    raise NotImplementedError(arguments.command)
