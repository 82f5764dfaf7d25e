"""The arguments of `python -m bench`."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cli.export import add_export
from bench.cli.looking_arguments import add_accuracy, add_profile, add_rank, add_trace
from bench.cli.numbers import count, fraction, not_negative, positive
from bench.cli.replay_arguments import add_replay
from bench.core.options import Options
from bench.core.sample import Design
from bench.engine.environments.pair import Dependencies

_RANGE_HELP = (
    "base..head, base...head (from the merge base) or one revision (against its first parent or "
    "the previous release); commits, tags, branches or releases. Default: the target's own"
)


def make_parser() -> argparse.ArgumentParser:
    """The parser with all subcommands; `command` names the one chosen."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Before/after benchmarks of Python projects with verdicts that can be trusted.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    commands.add_parser("report", help="make results/ from data/")
    add_export(commands)
    _add_clean(commands)
    listing = commands.add_parser("targets", help="list the targets, or a target's benchmarks")
    listing.add_argument("target", nargs="?", default="", metavar="TARGET")
    _add_fleet(commands)
    add_profile(commands)
    add_trace(commands)
    _add_prior_art(commands)
    _add_calibrate(commands)
    add_rank(commands)
    add_accuracy(commands)
    _add_selfcheck(commands)
    add_replay(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="measure a pair of revisions and report")
    _add_what(run)
    _add_how(run)
    _add_history(run)
    run.add_argument("--fail-on", choices=["slower"], help="exit with status 3 if this is found")
    run.add_argument("--dry-run", action="store_true", help="show the plan and stop")
    run.add_argument("--json", action="store_true", help="print the result as JSON")
    run.add_argument("--no-report", action="store_true", help="measure only; leave results/ alone")
    run.add_argument(
        "--block", default="", help="which block of a fleet this is (ansible/bench.yml)"
    )


def _add_what(run: argparse.ArgumentParser) -> None:
    """What is installed and measured."""
    run.add_argument("target", help="a target's name (see `python -m bench targets`)")
    run.add_argument("range", nargs="?", help=_RANGE_HELP)
    run.add_argument("--repo", type=Path, metavar="PATH", help="a clone to take revisions from")
    _add_choice(run)
    run.add_argument(
        "--deps",
        type=Dependencies,
        choices=list(Dependencies),
        default=Dependencies.OWN,
        help="whose third-party versions are installed (default: each side's own)",
    )


def _add_choice(command: argparse.ArgumentParser) -> None:
    """Which Pythons and benchmarks."""
    command.add_argument(
        "--python",
        action="append",
        metavar="X.Y",
        help="a Python version; may be repeated. Default: all of the target's that can be had",
    )
    command.add_argument(
        "--benchmark", action="append", default=[], metavar="GLOB", help="only these; repeatable"
    )
    command.add_argument(
        "--group", action="append", default=[], metavar="GROUP", help="only these; repeatable"
    )


def _add_history(run: argparse.ArgumentParser) -> None:
    """A series of revisions in place of a pair."""
    which = run.add_argument_group(
        "history",
        "a series from base to head, each of its points measured against base; without tests and "
        "counters. The same command goes on where it was stopped.",
    )
    several = which.add_mutually_exclusive_group()
    several.add_argument(
        "--every", type=count, metavar="N", help="every Nth commit along first parents, and head"
    )
    several.add_argument(
        "--tags", action="store_true", help="every tagged final version, or every release, and head"
    )
    which.add_argument(
        "--again", action="store_true", help="a new series, though there is one to go on with"
    )


def _add_how(run: argparse.ArgumentParser) -> None:
    """How rounds are taken, when to stop, and what is done besides."""
    defaults = Options()
    run.add_argument(
        "--design",
        type=Design,
        choices=list(Design),
        help="how rounds are taken (default: chosen for each benchmark by a probe)",
    )
    run.add_argument(
        "--alpha", type=fraction, default=defaults.alpha, help="error rate of a run (%(default)s)"
    )
    run.add_argument(
        "--mei",
        type=fraction,
        default=defaults.mei,
        help="minimum effect of interest, as a fraction (%(default)s)",
    )
    run.add_argument(
        "--budget",
        type=positive,
        default=defaults.budget_s,
        metavar="SECONDS",
        help="measuring time for a benchmark (%(default)s)",
    )
    run.add_argument(
        "--rounds",
        type=count,
        default=defaults.rounds,
        help="the most rounds a verdict may take (%(default)s)",
    )
    run.add_argument(
        "--no-tests",
        dest="tests",
        action="store_false",
        help="do not run the target's own tests on both revisions first (a series never does)",
    )
    run.add_argument(
        "--no-counters",
        action="store_false",
        dest="counters",
        help="do not count instructions, system calls, modules and memory after the timing",
    )


def _add_clean(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    clean = commands.add_parser("clean", help="remove cached environments (never data/)")
    clean.add_argument(
        "--older-than",
        type=not_negative,
        default=30.0,
        metavar="DAYS",
        help="unused for so long (30)",
    )
    clean.add_argument("--max-size", type=positive, metavar="GB", help="then the oldest beyond")
    clean.add_argument("--all", action="store_true", help="everything that is cached")


def _add_fleet(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fleet = commands.add_parser(
        "fleet", help="what ansible/bench.yml asks: blocks of a pair for several machines"
    )
    fleet.add_argument("step", choices=["plan", "join"], help="give blocks to hosts; what is there")
    fleet.add_argument("target", help="a target's name")
    fleet.add_argument("range", nargs="?", help=_RANGE_HELP)
    fleet.add_argument("--repo", type=Path, metavar="PATH", help="a clone to take revisions from")
    fleet.add_argument("--host", action="append", default=[], help="a machine; repeatable")
    fleet.add_argument(
        "--blocks", type=count, help="runs for each Python (default: one for each host)"
    )
    fleet.add_argument("--python", action="append", metavar="X.Y", help="only these; repeatable")
    fleet.add_argument(
        "--option", action="append", default=[], metavar="WORD",
        help="a word for `bench run` on each host; repeatable",
    )  # fmt: skip


def _add_prior_art(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    prior = commands.add_parser(
        "prior-art", help="measure what was published of Rich and pip again, and tell it"
    )
    prior.add_argument("name", nargs="*", help="files of prior-art/, without .toml (default: all)")
    prior.add_argument("--python", action="append", metavar="X.Y", help="only these; repeatable")
    prior.add_argument("--again", action="store_true", help="also what was measured before")
    prior.add_argument(
        "--no-series", dest="series", action="store_false", help="leave out the series of commits"
    )


def _add_calibrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    calibrate = commands.add_parser(
        "calibrate", help="measure what this machine can resolve: A/A runs of each benchmark"
    )
    calibrate.add_argument("target", nargs="*", help="targets by name (codeflash)")
    calibrate.add_argument(
        "--revision", metavar="REV", help="what is measured (default: head of the default range)"
    )
    calibrate.add_argument("--repo", type=Path, metavar="PATH", help="a clone to take it from")
    _add_choice(calibrate)
    calibrate.add_argument(
        "--seconds",
        type=positive,
        default=12.0,
        help="measuring time for a benchmark; one A/A run at least (%(default)s)",
    )
    calibrate.add_argument(
        "--no-reference",
        dest="reference",
        action="store_false",
        help="leave out pyperformance's benchmarks, the machine's own speed",
    )


def _add_selfcheck(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "selfcheck", help="measure this project's own claims: error rate, power, overhead"
    )
    check.add_argument("--runs", type=count, default=40, help="A/A runs (%(default)s)")
    check.add_argument("--quick", action="store_true", help="a few runs, to see that it works")
