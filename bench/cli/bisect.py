"""`python -m bench bisect`: the one commit of a range that changed a benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console

from bench.cli.arguments import (
    add_json,
    add_lanes,
    add_least,
    add_no_report,
    add_session_budget,
    add_target,
    describe,
    fraction,
    repeated,
)
from bench.cli.commit_range import RANGE_HELP, look_up
from bench.cli.write_up import write_up
from bench.core.errors import ExitStatus, UsageError
from bench.core.options import Options
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.session.preparation import harness
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.documents import moment, pretty
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.scenarios import is_observable, scenario_words
from bench.explain.bisect.record import FORMAT, BisectionAsked
from bench.explain.bisect.search import BisectEnding, WantedWay
from bench.explain.bisect.session import BisectionSession
from bench.explain.bisect.stored import BISECTIONS
from bench.report.bisect.decisions import bisection_document, screen_lines
from bench.report.screen.watchers import make_watcher

_LEAST = 0.01
_ERROR = 0.05
_NOTHING = {
    BisectEnding.SAME,
    BisectEnding.VANISHED,
    BisectEnding.OTHER_WAY,
    BisectEnding.UNDECIDED,
    BisectEnding.NOTHING,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which range, which benchmark, and how sure it has to be."""
    describe(
        parser,
        "Find the one commit of a range that changed a benchmark, by a binary search that knows "
        "how noisy its answers are: the next pair is always that whose answer is least foreseen, "
        "and the commit that is named was measured against its own neighbour. Commits that change "
        "nothing the benchmark reads are proved not to matter; those that cannot be built are "
        "stepped around. The same command goes on where it was interrupted.",
        "bisect codeflash v0.20.5..main --benchmark help",
        "bisect ~/project v1.2..HEAD --benchmark import --slower",
    )
    add_target(parser, f"commits to search: {RANGE_HELP}")
    what = parser.add_argument_group("what is looked for")
    what.add_argument(
        "--benchmark",
        metavar="NAME",
        required=True,
        help="the benchmark that changed: one of those that `targets TARGET` lists",
    )
    what.add_argument(
        "--python",
        metavar="X.Y",
        help="measure on this Python. Default: the newest of the target's usual ones",
    )
    way = what.add_mutually_exclusive_group()
    way.add_argument(
        "--slower", action="store_true", help="look for a commit that made it slower only"
    )
    way.add_argument(
        "--faster",
        action="store_true",
        help="look for a commit that made it faster only. Default: the way that the ends differ",
    )
    add_least(what, _LEAST, "end at once where base and head differ by less than this")
    _add_how(parser.add_argument_group("how it is done"))


def _add_how(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--error",
        type=fraction,
        default=_ERROR,
        metavar="P",
        help="highest probability that another commit than the one named did it. "
        "Default: %(default)s",
    )
    how.add_argument(
        "--no-proof",
        action="store_true",
        help="build only the commits that are asked about, and prove of none that it cannot "
        "matter: for long ranges. Default: proof, for commands, imports and pyperf scripts",
    )
    add_session_budget(how, "pair")
    add_lanes(how)
    add_json(how, "what was found")
    add_no_report(how)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Bisect, and write the page; raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json, highlight=False, soft_wrap=True)
    with make_watcher() as watcher, at_work(workspace):
        request = _understand(arguments, workspace, watcher)
        bisection = BISECTIONS.open(workspace.data, _asked(request, arguments))
        if bisection.events:
            watcher.say("going on with what was begun before")
        session = BisectionSession(request=request, watcher=watcher, bisection=bisection)
        bisection = session.run()
    for line in screen_lines(bisection):
        console.print(line, markup=False)
    if arguments.report:
        # Plotting is slow to import.
        from bench.report.bisect.bisect_page import bisect_page  # noqa: PLC0415

        page = bisect_page(bisection)
        write_up(workspace, console, lambda results: f"Page: {results / page}")
    if arguments.json:
        sys.stdout.write(pretty(bisection_document(bisection)).decode())
    ending = bisection.known().outcome.ending
    return ExitStatus.NOTHING_FOUND if ending in _NOTHING else ExitStatus.DONE


def _understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> AttributeRequest:
    def planned(target: Target) -> tuple[PlannedBenchmark, ...]:
        return (_planned(target, arguments.benchmark, workspace),)

    arguments.python = [arguments.python] if arguments.python else None
    request = look_up(
        arguments, workspace, watcher, planned, alpha=arguments.error, pythons=_newest
    )
    if not is_observable(request.planned[0]) and not arguments.no_proof:
        watcher.say(
            f"{arguments.benchmark} is no command, import or pyperf script: it is not known "
            "what it reads, and every commit may matter"
        )
    return request


def _newest(found: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
    return tuple(found)[-1:]


def _planned(target: Target, name: str, workspace: Workspace) -> PlannedBenchmark:
    """The benchmark, without the control."""
    chosen = select(target, Options(benchmarks=(name,)), workspace.suites)[1:]
    if len(chosen) > 1:
        names = ", ".join(one.declaration.name for one in chosen)
        raise UsageError(
            f"--benchmark {name} matches {len(chosen)} benchmarks: {names}.",
            "A bisection is of one; `attribute` takes several.",
        )
    return chosen[0]


def _asked(request: AttributeRequest, arguments: argparse.Namespace) -> BisectionAsked:
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    planned = request.planned[0]
    wanted = WantedWay.SLOWER if arguments.slower else WantedWay.EITHER
    return BisectionAsked(
        format=FORMAT,
        id=moment(started_at),
        target=request.target.name,
        pair=request.whole,
        commits=request.commits,
        benchmark=planned.declaration.name,
        words=scenario_words(planned.declaration, request.target.modules[0])
        if is_observable(planned)
        else "",
        python=request.interpreters[0].version,
        least=request.least,
        error=arguments.error,
        wanted=WantedWay.FASTER if arguments.faster else wanted,
        proving=is_observable(planned) and not arguments.no_proof,
        machine=describe_machine(),
        harness=harness(),
        started_at=started_at,
        repeat=_repeat(arguments),
    )


def _repeat(arguments: argparse.Namespace) -> str:
    """The command that asks the same."""
    words = [arguments.target, *filter(None, [arguments.range])]
    words += ["--benchmark", arguments.benchmark, *["--no-proof"] * arguments.no_proof]
    return repeated(
        "bisect",
        words,
        arguments,
        lists=("python",),
        usual={"least": _LEAST, "repo": None, "error": _ERROR, "lanes": 0},
        flags=("slower", "faster"),
    )
