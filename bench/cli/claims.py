"""`python -m bench claims`: do the speed-ups that commit messages claim hold?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from bench.cli.arguments import (
    add_json,
    add_lanes,
    add_least,
    add_no_report,
    add_pythons,
    add_session_budget,
    add_target,
    describe,
    fraction,
    repeated,
)
from bench.cli.commit_range import range_in_clone
from bench.cli.target_choice import chosen_target
from bench.cli.write_up import write_up
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.revisions.git import Clone
from bench.engine.session.preparation import harness
from bench.engine.session.watcher import Watcher
from bench.engine.store.documents import moment, pretty
from bench.explain.attribute.range import check_range
from bench.explain.claims.finding import (
    ClaimsFound,
    claims_of_message,
    claims_of_range,
    python_versions,
)
from bench.explain.claims.mentions import MentionKind
from bench.explain.claims.record import FORMAT, ClaimsAsked, ClaimsTest
from bench.explain.claims.request import LEAST, ClaimsRequest
from bench.explain.claims.session import ClaimsSession, pythons_of_claims
from bench.explain.claims.stored import CLAIMS
from bench.formats.text import counted
from bench.report.claims.shown import claims_document, plan_lines, screen_lines
from bench.report.screen.watchers import make_watcher

_KINDS = tuple(map(str, MentionKind))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which range, which claims, and how they are tested."""
    describe(
        parser,
        "Test what commit messages claim. Of each commit of a range whose message says that "
        "something got faster, choose the benchmark that can test it (a declared one, an import or "
        "a command made for it, the project's own tests of a function), measure the commit against "
        "its parent, and tell whether the claim holds. The same command goes on where it was "
        "interrupted.",
        "claims codeflash v0.20.5..main --dry-run",
        "claims ~/project v1.2..HEAD --kind function --budget 3600",
    )
    add_target(
        parser,
        "commits whose messages are read: base..head, or base...head from the merge base; all "
        "commits count that head has and base does not. Default: the target's default range",
    )
    what = parser.add_argument_group("what is tested")
    what.add_argument(
        "--message-of",
        metavar="REV",
        default="",
        help="test what the message of this commit claims on the range as a whole. Default: each "
        "commit's claims against its parent",
    )
    what.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=_KINDS,
        help="test only claims about commands, imports or functions; may be repeated. Default: all",
    )
    what.add_argument(
        "--author",
        action="append",
        default=[],
        metavar="WORDS",
        help="test only claims of commits whose author's name has these words; may be repeated. "
        "Default: everybody's",
    )
    add_pythons(what)
    add_least(what, LEAST, "count a smaller change as none")
    _add_how(parser.add_argument_group("how it is done"))


def _add_how(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--alpha",
        type=fraction,
        default=Options().alpha,
        help="highest probability that a test calls faster or slower what is not, for each test "
        "by itself. Default: %(default)s",
    )
    add_session_budget(how, "test")
    add_lanes(how)
    how.add_argument(
        "--dry-run",
        action="store_true",
        help="list the claims and what would test each, and stop",
    )
    add_json(how, "the claims")
    add_no_report(how)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Find the claims, test them, and write the page; raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json, highlight=False, soft_wrap=True)
    with make_watcher() as watcher, at_work(workspace):
        request, asked = _understand(arguments, workspace, watcher)
        if arguments.dry_run:
            test = ClaimsTest(workspace.data, asked)
        else:
            test = CLAIMS.open(workspace.data, asked)
            if test.events:
                watcher.say("going on with what was begun before")
            test = ClaimsSession(request=request, watcher=watcher, test=test).run()
    for line in plan_lines(test) if arguments.dry_run else screen_lines(test):
        console.print(line, markup=False)
    if arguments.report and not arguments.dry_run:
        # Plotting is slow to import.
        from bench.report.claims.claims_page import claims_page  # noqa: PLC0415

        page = claims_page(test)
        write_up(workspace, console, lambda results: f"Page: {results / page}")
    if arguments.json:
        sys.stdout.write(pretty(claims_document(test)).decode())
    return ExitStatus.DONE


def _understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> tuple[ClaimsRequest, ClaimsAsked]:
    target = chosen_target(arguments, workspace, watcher.say)
    clone, pair = range_in_clone(target, arguments, workspace, watcher)
    found = _chosen(_found(clone, target, pair, arguments, watcher), arguments)
    if not found.claims:
        raise UsageError(
            f"{_whose(arguments)} of {pair.label} claims a speed-up "
            f"({counted(found.commits, 'commit')} read).",
        )
    interpreters, pythons = _pythons(target, arguments, found, watcher)
    watcher.say(
        f"{target.name} {pair.label}: {counted(len(found.claims), 'claim')} in "
        f"{counted(found.commits, 'commit')}"
    )
    request = ClaimsRequest(
        target=target,
        whole=pair,
        repo=arguments.repo,
        workspace=workspace,
        interpreters=interpreters,
        least=arguments.least,
        limit_s=arguments.budget,
        lanes=arguments.lanes,
    )
    return request, _asked(request, found, pythons, arguments, clone)


def _whose(arguments: argparse.Namespace) -> str:
    return "That message" if arguments.message_of else "No message"


def _found(
    clone: Clone, target: Target, pair: Pair, arguments: argparse.Namespace, watcher: Watcher
) -> ClaimsFound:
    check_range(clone, pair)
    if not arguments.message_of:
        return claims_of_range(clone, target, pair, watcher.phase)
    commit = clone.find(arguments.message_of)
    if commit is None:
        raise UsageError(f"--message-of {arguments.message_of}: there is no such commit.")
    return claims_of_message(clone, target, pair, commit)


def _chosen(found: ClaimsFound, arguments: argparse.Namespace) -> ClaimsFound:
    """Those of the kinds and the authors that were asked for."""
    authors = [one.lower() for one in arguments.author]
    kept = tuple(
        one
        for one in found.claims
        if (not arguments.kind or one.kind in arguments.kind)
        and (not authors or any(words in one.author.lower() for words in authors))
    )
    return replace(found, claims=kept)


def _pythons(
    target: Target, arguments: argparse.Namespace, found: ClaimsFound, watcher: Watcher
) -> tuple[tuple[Interpreter, ...], tuple[tuple[str, ...], ...]]:
    """The Pythons that are needed, and those of each claim.

    Unless some are asked for, a claim is tested on the one it names, if that can be had, and else
    on the newest of the target's usual ones.
    """
    usual = tuple(pythons_of(target, arguments.python, watcher.say))
    if arguments.python:
        asked = [one.version for one in usual]
        return usual, pythons_of_claims(found.claims, asked, asked, asked[-1])
    had = {one.version: one for one in usual}
    for version in python_versions(found.claims):
        if version not in had:
            had |= {one.version: one for one in _if_had(target, version, watcher)}
    pythons = pythons_of_claims(found.claims, (), tuple(had), usual[-1].version)
    needed = {version for each in pythons for version in each}
    return tuple(one for version, one in had.items() if version in needed), pythons


def _if_had(target: Target, version: str, watcher: Watcher) -> Sequence[Interpreter]:
    try:
        return tuple(pythons_of(target, [version], watcher.say))
    except BenchError:
        watcher.say(f"Python {version}, which a claim names, is not here")
        return ()


def _asked(
    request: ClaimsRequest,
    found: ClaimsFound,
    pythons: tuple[tuple[str, ...], ...],
    arguments: argparse.Namespace,
    clone: Clone,
) -> ClaimsAsked:
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    message_of = clone.find(arguments.message_of) if arguments.message_of else ""
    return ClaimsAsked(
        format=FORMAT,
        id=moment(started_at),
        target=request.target.name,
        pair=request.whole,
        claims=found.claims,
        commits=found.commits,
        repeated=found.repeated,
        pythons=pythons,
        least=request.least,
        alpha=arguments.alpha,
        machine=describe_machine(),
        harness=harness(),
        started_at=started_at,
        repeat=_repeat(arguments),
        message_of=message_of or "",
    )


def _repeat(arguments: argparse.Namespace) -> str:
    """The command that asks the same."""
    of = ["--message-of", arguments.message_of] if arguments.message_of else []
    return repeated(
        "claims",
        [arguments.target, *filter(None, [arguments.range]), *of],
        arguments,
        lists=("kind", "author", "python"),
        usual={"least": LEAST, "repo": None, "alpha": Options().alpha, "lanes": 0},
    )
