"""What the arguments of several commands have in common: texts, types of numbers, options."""

from __future__ import annotations

import argparse
import math
import shlex
import textwrap
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path

from bench.core.errors import ExitStatus
from bench.core.program import COMMAND
from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.engine.environments.pair import Dependencies
from bench.formats.text import joined

STATUSES = {
    ExitStatus.DONE: "done, whatever the verdicts",
    ExitStatus.BUG: "a bug in bench; the message names a file to report it with",
    ExitStatus.USAGE: "wrong arguments, target file or data file, or a full disk",
    ExitStatus.SLOWER: "a benchmark is slower, and --fail-on slower was given",
    ExitStatus.NOTHING_MEASURED: "nothing could be measured",
    ExitStatus.BUILD_FAILED: "a revision could not be built, imported or verified",
    ExitStatus.TESTS_FAILED: "head fails tests that base passes",
    ExitStatus.BROKEN: "a benchmark works on base only, and --fail-on was given",
    ExitStatus.MORE_MEMORY: "a benchmark takes more memory, and --fail-on more-memory was given",
    ExitStatus.IMPORTED_AGAIN: "guard --check: a deferred module is imported at start again",
    ExitStatus.NOTHING_FOUND: "nothing found: optimize nothing worth a commit, bisect no change",
    ExitStatus.INTERRUPTED: "interrupted; everything measured so far is kept",
}
TARGET_HELP = (
    f"name of a target (`{COMMAND} targets` lists them), folder of a git checkout with a "
    "Python project in it, or name of a package on PyPI"
)
RANGE_HELP = (
    "revisions to compare: base..head, base...head (from the merge base), or one revision, which "
    "is compared with its first parent or the previous release; base.. goes to the working tree "
    "(HEAD..: what is not committed). A revision is a commit, tag, branch or release, as git "
    "writes them. Default: the target's default range; of a checkout the working tree if anything "
    "is changed there, else HEAD against the last release or where its branch began"
)


def describe(parser: argparse.ArgumentParser, text: str, *examples: str) -> None:
    """Say what a command does; below its arguments come examples and the exit statuses."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = wrapped(text)
    parser.epilog = "\n".join(
        [
            "examples:",
            *(f"  {COMMAND} {example}" for example in examples),
            "",
            "exit statuses:",
            *(f"  {status:<4} {meaning}" for status, meaning in STATUSES.items()),
        ]
    )


def wrapped(text: str) -> str:
    """A paragraph of the help, which argparse leaves as it is."""
    return textwrap.fill(text, 78)


def add_target(parser: argparse._ActionsContainer, range_help: str = "") -> None:
    """The target, the revisions (with `range_help`) and the clone they are taken from."""
    parser.add_argument("target", metavar="TARGET", help=TARGET_HELP)
    if range_help:
        parser.add_argument("range", metavar="RANGE", nargs="?", help=range_help)
    add_repo(parser)


def add_revision(parser: argparse.ArgumentParser, words: str) -> None:
    """One revision of a target: `words` say which."""
    parser.add_argument("target", metavar="TARGET", help=TARGET_HELP)
    parser.add_argument("revision", metavar="REVISION", help=words)
    add_repo(parser)


def add_scenarios(parser: argparse._ActionsContainer, words: str) -> None:
    """Which benchmarks are started: `words` say what is done with them, and the default."""
    parser.add_argument("--scenario", action="append", default=[], metavar="GLOB", help=words)


def add_least(parser: argparse._ActionsContainer, default: float, words: str) -> None:
    """The smallest change that counts: `words` say what becomes of a smaller one."""
    parser.add_argument(
        "--least",
        type=share,
        default=default,
        metavar="SHARE",
        help=f"{words}: 1%% or 0.01. Default: {default * 100:g}%%",
    )


def add_repo(parser: argparse._ActionsContainer) -> None:
    """Where revisions come from."""
    parser.add_argument(
        "--repo",
        type=Path,
        metavar="PATH",
        help="git clone to take revisions from. Default: the target's clone in repos/, "
        "made when it is missing",
    )


def add_pythons(parser: argparse._ActionsContainer) -> None:
    """On which Pythons."""
    parser.add_argument(
        "--python",
        action="append",
        metavar="X.Y",
        help="use this Python: 3.15, 3.14t (free-threaded), 3.14+jit (with its JIT on), or a path; "
        "may be repeated; all: every one the target is declared for that can be had. Default: the "
        "target's usual ones that can be had",
    )


def add_choice(parser: argparse._ActionsContainer, option: str = "--benchmark") -> None:
    """Which benchmarks, by name and by group."""
    parser.add_argument(
        option,
        action="append",
        default=[],
        metavar="GLOB",
        help="take the benchmarks of the target whose names match GLOB; may be repeated. "
        "Default: the target's default benchmarks",
    )
    parser.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="GROUP",
        help="take the benchmarks of this group; may be repeated. Default: all groups",
    )


def add_keywords(parser: argparse._ActionsContainer) -> None:
    """Which of the chosen benchmarks, by an expression."""
    parser.add_argument(
        "-k",
        dest="keywords",
        metavar="EXPRESSION",
        help="of the benchmarks that would be taken, take those whose names or groups contain the "
        'words of EXPRESSION, as in pytest: -k "help and not version". Default: all of them',
    )


def add_dependencies(
    parser: argparse._ActionsContainer, more: Mapping[str, str] | None = None
) -> None:
    """Which third-party versions; `more` are words that the command knows besides."""
    usual = (Dependencies.OWN, Dependencies.BASE, Dependencies.HEAD)
    besides = "".join(f"; {word}: {meaning}" for word, meaning in (more or {}).items())
    parser.add_argument(
        "--deps",
        choices=[*map(str, usual), *(more or ())],
        default=str(Dependencies.OWN),
        help="install the third-party versions of base or of head on both sides, or each side's "
        f"own{besides}. Default: own",
    )


def failing_verdicts(text: str) -> list[Verdict]:
    """What `--fail-on` takes: one verdict, or several with commas."""
    known = {"slower": Verdict.SLOWER, "more-memory": Verdict.MORE_MEMORY, "broken": Verdict.BROKEN}
    words = [word.strip() for word in text.split(",")]
    wrong = next((word for word in words if word not in known), None)
    if wrong is not None:
        raise argparse.ArgumentTypeError(f"{wrong!r} is none of {', '.join(known)}")
    return [known[word] for word in words]


def status_of(
    results: Iterable[Result], fail_on: Container[Verdict], say: Callable[[str], object]
) -> ExitStatus:
    """The exit status that `--fail-on` asks for, which is said where it is that of what broke."""
    results = list(results)
    found = {result.verdict for result in results}
    worse = (Verdict.BROKEN, Verdict.SLOWER, Verdict.MORE_MEMORY)
    if Verdict.BROKEN in found and any(verdict in fail_on for verdict in worse):
        names = joined(list(dict.fromkeys(r.name for r in results if r.verdict is Verdict.BROKEN)))
        say(f"Exit status {ExitStatus.BROKEN}: broken on head: {names}.")
        return ExitStatus.BROKEN
    if Verdict.SLOWER in found and Verdict.SLOWER in fail_on:
        return ExitStatus.SLOWER
    more = [r.name for r in results if r.memory and r.memory.verdict is Verdict.MORE_MEMORY]
    if more and Verdict.MORE_MEMORY in fail_on:
        names = joined(list(dict.fromkeys(more)))
        say(f"Exit status {ExitStatus.MORE_MEMORY}: more memory: {names}.")
        return ExitStatus.MORE_MEMORY
    return ExitStatus.DONE


def add_lanes(parser: argparse._ActionsContainer) -> None:
    """On how many cores at once."""
    parser.add_argument(
        "--lanes",
        type=count,
        default=0,
        metavar="N",
        help="cores to measure on at once, at most. Default: all that are measured on",
    )


def add_session_budget(parser: argparse._ActionsContainer, unit: str) -> None:
    """How long one session may be of what goes on over sessions; a `unit` is done to its end."""
    parser.add_argument(
        "--budget",
        type=not_negative,
        default=0.0,
        metavar="SECONDS",
        help=f"begin no further {unit} after this many seconds; what is open is said, and the same "
        "command goes on. Default: as long as it takes",
    )


def add_json(parser: argparse._ActionsContainer, what: str) -> None:
    """What came of it, for programs."""
    parser.add_argument(
        "--json", action="store_true", help=f"print {what} as JSON on standard output"
    )


def add_no_report(parser: argparse._ActionsContainer) -> None:
    """Leave the write-up alone."""
    parser.add_argument(
        "--no-report",
        dest="report",
        action="store_false",
        help=f"do not write results/; `{COMMAND} report` does it later",
    )


def add_looked_into(parser: argparse.ArgumentParser) -> None:
    """What `profile` and `trace` share: one revision or two, and which of its benchmarks."""
    parser.add_argument("target", metavar="TARGET", help=TARGET_HELP)
    parser.add_argument(
        "range",
        metavar="REVISION",
        help="a revision (commit, tag, branch or release), or two to compare: base..head",
    )
    add_repo(parser)
    add_pythons(parser)
    add_choice(parser, "--scenario")
    add_keywords(parser)
    add_dependencies(parser)


def fraction(text: str) -> float:
    """A number between 0 and 1, both excluded."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def share(text: str) -> float:
    """`1%` or `0.01`."""
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0% and 100%")
    return value


def positive(text: str) -> float:
    """A finite number above 0."""
    value = float(text)
    if not 0 < value < math.inf:  # JSON has no infinity
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def not_negative(text: str) -> float:
    """A finite number, 0 or more."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or a number above it")
    return value


def count(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def repeated(
    command: str,
    words: Sequence[str],
    arguments: argparse.Namespace,
    *,
    lists: Sequence[str],
    usual: Mapping[str, object],
    flags: Sequence[str] = (),
) -> str:
    """The command line that asks the same: `words`, then options of several values (`lists`), those
    that differ from the `usual` value, and `flags` that are set.
    """
    found = [command, *words]
    found += [
        word
        for name in lists
        for value in getattr(arguments, name) or ()
        for word in (f"--{name}", str(value))
    ]
    for name, value in usual.items():
        told = getattr(arguments, name)
        if told != value:
            found += [f"--{name}", f"{told * 100:g}%" if name == "least" else str(told)]
    found += [f"--{name}" for name in flags if getattr(arguments, name)]
    return f"{COMMAND} {shlex.join(found)}"
