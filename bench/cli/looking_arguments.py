"""The arguments of the subcommands that look into what is slow: profile, trace, rank, accuracy."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cli.numbers import count, not_negative, positive
from bench.engine.environments.pair import Dependencies


def _add_subject(command: argparse.ArgumentParser, scenarios: str) -> None:
    """Whose benchmarks, and on which Pythons; `scenarios` is the help of --scenario."""
    command.add_argument("target", help="a target's name (see `python -m bench targets`)")
    command.add_argument("--repo", type=Path, metavar="PATH", help="a clone to take it from")
    command.add_argument("--python", action="append", metavar="X.Y", help="only these; repeatable")
    command.add_argument("--scenario", action="append", default=[], metavar="GLOB", help=scenarios)


def _add_sides(command: argparse.ArgumentParser) -> None:
    """One revision or two, and what is installed with them."""
    command.add_argument("range", help="a revision, or base..head")
    command.add_argument(
        "--group", action="append", default=[], metavar="GROUP", help="only these; repeatable"
    )
    command.add_argument(
        "--deps", type=Dependencies, choices=list(Dependencies), default=Dependencies.OWN,
        help="whose third-party versions are installed (default: each side's own)",
    )  # fmt: skip


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-report", dest="report", action="store_false", help="leave results/ alone"
    )


def add_profile(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`profile`."""
    profile = commands.add_parser(
        "profile", help="where time and memory go, in a revision or between two"
    )
    _add_subject(
        profile, "benchmarks of the target; repeatable (default: those that run by default)"
    )
    _add_sides(profile)
    profile.add_argument(
        "--seconds", type=positive, default=60.0,
        help="sampling time for a scenario, once there are enough runs (%(default)s)",
    )  # fmt: skip


def add_trace(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`trace`."""
    trace = commands.add_parser(
        "trace", help="one command through all its processes: what its user waited for"
    )
    _add_subject(
        trace, "commands and imports of the target; repeatable (default: the default ones)"
    )
    _add_sides(trace)
    trace.add_argument(
        "--runs", type=count, metavar="N",
        help="recorded runs of each side (default: 5, 3 or 1, as their length allows)",
    )  # fmt: skip
    trace.add_argument(
        "--latency", action="append", type=not_negative, metavar="MS",
        help="run again with the replay service so far away; repeatable, 0: not at all "
        "(default: 20 and 100)",
    )  # fmt: skip


def add_rank(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`rank`."""
    rank = commands.add_parser(
        "rank", help="which imports of a revision could wait, ranked by what that saves"
    )
    _add_subject(
        rank, "benchmarks of the target's file; repeatable (default: its commands and imports)"
    )
    rank.add_argument("revision", help="a commit, tag, branch or release")
    rank.add_argument(
        "--seconds",
        type=not_negative,
        default=5.0,
        help="time for timing the rewritten copy; 0: count only (%(default)s)",
    )
    rank.add_argument(
        "--all", action="store_true", help="also findings below 0.5 ms or 1%% of the scenario"
    )
    rank.add_argument(
        "--hot",
        action="store_true",
        help="also sample the scenario, try cheap changes of hot functions, and other serialisers",
    )
    rank.add_argument(
        "--tests",
        action="store_true",
        help="also run the target's own tests, with the change and without it",
    )
    _add_report(rank)


def add_accuracy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`accuracy`."""
    accuracy = commands.add_parser(
        "accuracy", help="hold what `rank` predicts against commits that deferred imports"
    )
    accuracy.add_argument(
        "file",
        nargs="?",
        type=Path,
        help="which commits (default: bench/validate/accuracy/commits.toml)",
    )
    accuracy.add_argument(
        "--commit", action="append", default=[], metavar="GLOB", help="only these; repeatable"
    )
    accuracy.add_argument("--python", action="append", metavar="X.Y", help="only these; repeatable")
    _add_report(accuracy)
