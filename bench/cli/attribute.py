"""`python -m bench attribute`: which commit of a range did what."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from rich.console import Console

from bench.cli.arguments import (
    add_choice,
    add_json,
    add_lanes,
    add_least,
    add_no_report,
    add_pythons,
    add_session_budget,
    add_target,
    describe,
    fraction,
    positive,
    repeated,
)
from bench.cli.commit_range import RANGE_HELP, look_up
from bench.cli.write_up import write_up
from bench.core.errors import ExitStatus, UsageError
from bench.core.options import Options
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.session.preparation import harness
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.documents import moment, pretty
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.attribute.record import FORMAT, AttributionAsked
from bench.explain.attribute.request import BUDGET_S, AttributeRequest
from bench.explain.attribute.scenarios import is_observable, scenario_words
from bench.explain.attribute.session import AttributeSession
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.report.attribute.document import attribution_document
from bench.report.attribute.screen import screen_lines
from bench.report.attribute.sums import SumBy
from bench.report.screen.watchers import make_watcher

_LEAST = 0.01


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which range, for which benchmarks, and how much work it may be."""
    describe(
        parser,
        "Split what a range of commits changed among its commits. Commits that change nothing a "
        "benchmark reads are proved to contribute nothing; among the others only stretches that "
        "differ are opened, and what is named was measured against its own neighbour. The same "
        "command goes on where it was interrupted.",
        "attribute codeflash v0.20.5..main --benchmark help",
        "attribute ~/project v1.2..HEAD --budget 1800",
    )
    add_target(parser, f"commits whose change is split: {RANGE_HELP}")
    what = parser.add_argument_group("what is attributed")
    add_pythons(what)
    add_choice(what)
    what.add_argument(
        "--into",
        action="append",
        default=[],
        metavar="MERGE",
        help="split this merge's share among the commits it brings; may be repeated. Default: a "
        "merge is one step",
    )
    add_least(what, _LEAST, "leave stretches together whose ends differ by less than this")
    _add_how(parser.add_argument_group("how it is done"))


def _add_how(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--alpha",
        type=fraction,
        default=Options().alpha,
        help="highest probability that any commit is named which changes nothing, over all "
        "benchmarks and Pythons. Default: %(default)s",
    )
    add_session_budget(how, "pair")
    how.add_argument(
        "--seconds",
        type=positive,
        default=BUDGET_S,
        help="most measuring time for each benchmark in one pair, in seconds; a busy machine needs "
        "more. Default: %(default)g",
    )
    add_lanes(how)
    how.add_argument(
        "--by",
        action="append",
        default=[],
        choices=[str(one) for one in SumBy],
        help="show the contributions added up: author: by the commits' authors; path: by the "
        "modules and folders that they change; group: the geometric mean over each group of "
        "benchmarks. May be repeated; the page has all three. Default: commit by commit",
    )
    add_json(how, "the contributions")
    add_no_report(how)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Attribute, and write the pages; raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json, highlight=False, soft_wrap=True)
    with make_watcher() as watcher, at_work(workspace):
        request = _understand(arguments, workspace, watcher)
        attribution = ATTRIBUTIONS.open(workspace.data, _asked(request, _repeat(arguments)))
        if attribution.events:
            watcher.say("going on with what was begun before")
        session = AttributeSession(request=request, watcher=watcher, attribution=attribution)
        attribution = session.run()
    for line in screen_lines(attribution, [SumBy(word) for word in arguments.by]):
        console.print(line, markup=False)
    if arguments.report:
        # Plotting is slow to import.
        from bench.report.attribute.attribute_page import attribute_page  # noqa: PLC0415

        page = attribute_page(attribution)
        write_up(workspace, console, lambda results: f"Page: {results / page}")
    if arguments.json:
        sys.stdout.write(pretty(attribution_document(attribution)).decode())
    return ExitStatus.DONE


def _understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> AttributeRequest:
    def planned(target: Target) -> tuple[PlannedBenchmark, ...]:
        chosen, left_out = _planned(target, arguments, workspace)
        if left_out:
            watcher.say(f"left out, since it is not known what they read: {', '.join(left_out)}")
        return chosen

    return look_up(
        arguments, workspace, watcher, planned, alpha=arguments.alpha, into=arguments.into
    )


def _planned(
    target: Target, arguments: argparse.Namespace, workspace: Workspace
) -> tuple[tuple[PlannedBenchmark, ...], list[str]]:
    """Those of the chosen benchmarks of which it can be known what they read, and other names."""
    options = Options(benchmarks=tuple(arguments.benchmark), groups=tuple(arguments.group))
    chosen = select(target, options, workspace.suites)[1:]
    planned = tuple(one for one in chosen if is_observable(one))
    if not planned:
        raise UsageError(
            "None of these benchmarks is a command, an import or a pyperf script: of suites, "
            "services and containers it is not known what they read.",
            "bench run TARGET base..head --every 1 measures each commit.",
        )
    return planned, [one.declaration.name for one in chosen if one not in planned]


def _asked(request: AttributeRequest, repeat: str) -> AttributionAsked:
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    return AttributionAsked(
        format=FORMAT,
        id=moment(started_at),
        target=request.target.name,
        pair=request.whole,
        commits=request.commits,
        scenarios=tuple(one.declaration.name for one in request.planned),
        words={
            one.declaration.name: scenario_words(one.declaration, request.target.modules[0])
            for one in request.planned
        },
        pythons=tuple(one.version for one in request.interpreters),
        least=request.least,
        alpha=request.alpha,
        machine=describe_machine(),
        harness=harness(),
        started_at=started_at,
        repeat=repeat,
        groups={one.declaration.name: one.declaration.group for one in request.planned},
    )


def _repeat(arguments: argparse.Namespace) -> str:
    """The command that asks the same."""
    return repeated(
        "attribute",
        [arguments.target, *filter(None, [arguments.range])],
        arguments,
        lists=("benchmark", "group", "python", "into"),
        usual={
            "least": _LEAST,
            "repo": None,
            "alpha": Options().alpha,
            "lanes": 0,
            "seconds": BUDGET_S,
        },
    )
