"""Entry point: one subcommand, one exit status, no traceback for what a user can cause."""

from __future__ import annotations

import argparse
import codecs
import errno
import importlib
import io
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from bench.cli.arguments import describe
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.printable import printable
from bench.core.program import COMMAND, IS_INSTALLED, NAME, session
from bench.core.secrets import without_secrets
from bench.core.workspace import find_workspace

# Each is a module of this package.
COMMANDS = {
    "measure": {
        "run": "measure two revisions, or a series of them, and write the report",
        "init": "write a target's file for a project that has none",
        "targets": "list the targets, or a target's benchmarks",
        "report": "write results/ from data/",
        "site": "write results/site/, one page to explore everything",
        "summary": "print the last pair in a few lines, for a comment or as JSON",
        "triage": "write what a series says got faster or slower, dated",
        "message": "print the last pair as a commit message",
        "export": "write figures for pyperf, Bencher, Prometheus, spreadsheets",
        "clean": "remove cached environments",
    },
    "explain": {
        "profile": "show where time and memory go",
        "trace": "follow a command through all its processes",
        "attribute": "split what a range of commits changed among its commits",
        "claims": "test the speed-ups that commit messages claim",
        "bisect": "find the one commit of a range that changed a benchmark",
        "rank": "list the imports that could be deferred, ranked by what that saves",
        "guard": "keep deferred imports deferred: write a test, or check a revision",
        "optimize": "make a branch of commits that make a revision faster, each measured",
    },
    "validate": {
        "calibrate": "measure how small a change this machine can detect",
        "selfcheck": "check this project's own claims on this machine",
        "accuracy": "compare what rank predicts with what real commits saved",
        "prior-art": "reproduce the published Rich and pip results",
    },
    "others": {
        "fleet": "share a pair among several machines (ansible/bench.yml calls it)",
        "replay": "serve or record answers of codeflash's backend",
    },
}
DESCRIPTION = (
    f"Before/after benchmarks of Python projects. `{COMMAND} COMMAND --help` describes a command."
    + (
        ""
        if IS_INSTALLED
        else " The sessions of nox (`nox -l`) install what a command needs, and call it."
    )
)

# What the system says of files that are not as they must be, whoever made them so.
_NOT_OURS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EIO,
    errno.ENAMETOOLONG, errno.ESTALE, errno.ETXTBSY, errno.EBUSY,
}  # fmt: skip
_SOON_S = 0.05
_LIKENESS = {
    "−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "±": "+/-", "→": "->", "≥": ">=", "≤": "<=",
    "α": "alpha", "·": "-", "≈": "~", "µ": "u",
}  # fmt: skip


class Command(Protocol):
    """What the module of a command provides."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describe the command to argparse."""

    def run(self, arguments: argparse.Namespace) -> ExitStatus:
        """Do it; raises `BenchError`."""
        ...


def main(words: Sequence[str]) -> int:
    """Run one subcommand and return the exit status."""
    _encode_whatever_is_said()
    # What is read of projects warns of their faults, without a file's name.
    warnings.simplefilter("ignore", SyntaxWarning)
    arguments = _parse(words)
    _end_politely()
    try:
        _check_folders()
        return int(_module(arguments.command).run(arguments))
    except BenchError as error:
        return _end(str(error), error.status)
    except KeyboardInterrupt:
        return _end(
            "interrupted. What was measured is kept; the same command resumes from there.",
            ExitStatus.INTERRUPTED,
        )
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.DONE)
    except OSError as error:
        said = _from_outside(error)
        return _end(said, ExitStatus.USAGE) if said else _bug(error)
    except ModuleNotFoundError as error:
        said = _not_installed(error)
        return _end(said, ExitStatus.USAGE) if said else _bug(error)
    except Exception as error:  # noqa: BLE001 - the last resort, reported as what it is
        return _bug(error)


def _check_folders() -> None:
    """Raise `UsageError` for data or results that may not be read: they would look empty."""
    workspace = find_workspace()
    for folder in (workspace.data, workspace.results):
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
            raise UsageError(
                f"{folder} is no folder that you may read.",
                "Correct its owner and rights, or choose another place (BENCH_DATA, "
                "BENCH_RESULTS).",
            )


def _from_outside(error: OSError) -> str:
    """What to tell of an error that lies with files or tools of this machine; "" of a bug."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"No space left on the device: {error}\n"
            f"Free some space (`{session('clean')}` removes cached environments); what was "
            "measured is kept, and the same command resumes from there."
        )
    if error.filename is None:
        return (
            f"{error.strerror}.\nSet TMPDIR to a folder that can be written to."
            if "temporary directory" in str(error)
            else ""
        )
    if error.errno in _NOT_OURS:
        return (
            f"{error.filename} cannot be used: {error.strerror}.\n"
            "Correct its owner and rights, or choose another place (BENCH_DATA, BENCH_RESULTS, "
            "BENCH_CACHE, BENCH_REPOS)."
        )
    tool = str(error.filename)
    if isinstance(error, FileNotFoundError) and os.sep not in tool:
        return f"{tool} is not installed, or not on PATH.\nDebian: apt-get install {tool}."
    return ""


def _not_installed(error: ModuleNotFoundError) -> str:
    """What to tell where a package is missing that this version needs; "" where it is our own."""
    name = (error.name or "bench").partition(".")[0]
    if name in {"bench", *sys.stdlib_module_names}:
        return ""
    remedy = f"Install {NAME} again." if IS_INSTALLED else "`.venv/bin/uv sync --frozen` brings it."
    return f"{name} is not installed, which this version of bench needs.\n{remedy}"


def _encode_whatever_is_said() -> None:
    """Where the encoding of a terminal or file lacks a character, write one like it, or "?"."""
    codecs.register_error("likeness", _likeness)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="likeness")


def _likeness(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_LIKENESS.get(one, "?") for one in text), error.end


def _end_politely() -> None:
    """What Ctrl-C keeps, a polite kill and a closed terminal keep as well (not under nohup)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _again


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _again(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt once more where Python ignored it: in a destructor, or in an import's callback."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _SOON_S)
    else:
        sys.__unraisablehook__(lost)


def _end(message: str, status: ExitStatus) -> int:
    print(printable(without_secrets(f"bench: {message}")), file=sys.stderr)
    return int(status)


def _bug(error: Exception) -> int:
    """A bug is not the user's to read: one line, and the details in a file worth sending."""
    file = find_workspace().logs / f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    details = without_secrets("".join(traceback.format_exception(error)))
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


def _make_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """All commands; only the chosen one is imported, since some take seconds to import."""
    parser = argparse.ArgumentParser(prog=COMMAND, usage="%(prog)s COMMAND …")
    describe(parser, DESCRIPTION, "run codeflash 0.20.5..0.20.6", "rank --help")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", prog=COMMAND,
        help=argparse.SUPPRESS,  # the description lists them by group
    )  # fmt: skip
    for group in COMMANDS.values():
        for name in group:
            command = commands.add_parser(name)
            if name in words[:1]:
                _module(name).add_arguments(command)
    listed = (
        f"\n{group}:\n" + "\n".join(f"  {name:<11} {text}" for name, text in entries.items())
        for group, entries in COMMANDS.items()
    )
    parser.description = "\n".join([parser.description or "", *listed])
    return parser


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments; a range may also stand behind options, where argparse does not look for it."""
    parser = _make_parser(words)
    if "_ARGCOMPLETE" in os.environ:
        _answer_shell()
    arguments, rest = parser.parse_known_args(words)
    if rest[:1] == ["--"]:
        rest = rest[1:]
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(arguments, "range", "") is None:
        arguments.range, rest = rest[0], []
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _answer_shell() -> None:
    """Say what may follow on a command line that is being typed, and end."""
    from bench.cli.completion import complete, typed_words  # noqa: PLC0415 - shells alone need it

    complete(_make_parser(typed_words()))


def _module(command: str) -> Command:
    """`prior-art` is in `bench/cli/prior_art.py`, and so are the others."""
    return cast("Command", importlib.import_module(f"bench.cli.{command.replace('-', '_')}"))
