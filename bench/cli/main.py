"""Entry point: one subcommand, one exit status, no traceback for what a user can cause."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.cli.parser import make_parser
from bench.core.errors import BenchError, ExitStatus


def main(words: Sequence[str]) -> int:
    """Run one subcommand and return the exit status."""
    arguments = make_parser().parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)  # what Ctrl-C keeps, a polite kill keeps as well
    try:
        return int(_dispatch(arguments))
    except BenchError as error:
        return _end(str(error), error.status)
    except KeyboardInterrupt:
        return _end(
            "interrupted. What was measured is kept; the same command goes on from here.",
            ExitStatus.INTERRUPTED,
        )
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.DONE)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return _end(
                f"No space left on the device: {error}\n"
                "Free some space (`nox -s clean` removes cached environments); what was measured "
                "is kept, and the same command goes on from here.",
                ExitStatus.USAGE,
            )
        return _bug(error)
    except Exception as error:  # noqa: BLE001 - the last resort, reported as what it is
        return _bug(error)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _end(message: str, status: ExitStatus) -> int:
    print(f"bench: {message}", file=sys.stderr)
    return int(status)


def _bug(error: Exception) -> int:
    """A bug is not the user's to read: one line, and the details in a file worth sending."""
    from bench.core.workspace import find_workspace

    file = find_workspace().logs / f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    details = "".join(traceback.format_exception(error))
    where = _keep(file, details)
    message = f"this is a bug in bench ({type(error).__name__}: {error}).\n{where}"
    return _end(message, ExitStatus.BUG)


def _keep(file: Path, details: str) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(details, encoding="utf-8")
    except OSError:
        return details
    return f"Please report it with {file}."


def _run(arguments: argparse.Namespace) -> ExitStatus:
    """A pair, or a series of them."""
    # ruff: noqa: PLC0415
    from bench.cli.history import check_arguments, history_command, is_history

    check_arguments(arguments)
    if is_history(arguments):
        return history_command(arguments)
    from bench.cli.run import run_command

    return run_command(arguments)


def _dispatch(arguments: argparse.Namespace) -> ExitStatus:
    """`prior-art` is `prior_art_command` in `bench/cli/prior_art.py`, and so are the others."""
    if arguments.command == "run":
        return _run(arguments)
    # Imported when needed: `run` must reach its first sample fast, plotting is slow to import.
    name = arguments.command.replace("-", "_")
    module = importlib.import_module(f"bench.cli.{name}")
    command: Callable[[argparse.Namespace], ExitStatus] = getattr(module, f"{name}_command")
    return command(arguments)
