"""`python -m bench optimize`: from a revision to a branch of verified commits."""

from __future__ import annotations

import argparse

from rich.console import Console

from bench.cli.arguments import (
    add_lanes,
    add_least,
    add_no_report,
    add_pythons,
    add_revision,
    add_scenarios,
    describe,
    fraction,
    positive,
    repeated,
)
from bench.cli.target_choice import chosen_target
from bench.cli.write_up import write_up
from bench.core.errors import BenchError, ExitStatus
from bench.core.options import Options
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import pythons_of
from bench.engine.session.watcher import Watcher
from bench.explain.optimize.forms import check_form, requires_python, suitable_form
from bench.explain.optimize.journal import open_journal
from bench.explain.optimize.message import gain_words
from bench.explain.optimize.project import Form
from bench.explain.optimize.recipes import load
from bench.explain.optimize.record import Optimization, Progress
from bench.explain.optimize.request import (
    OptimizeRequest,
    branch_name,
    choose_recipes,
    choose_scenarios,
    find_revision,
)
from bench.explain.optimize.session import OptimizeSession
from bench.formats.text import before_after, counted
from bench.report.optimize.lazy_section import switch_lines
from bench.report.screen.watchers import make_watcher

_AUTO = "auto"
_LEAST = 0.01
_BUDGET_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is optimised, for which scenarios, and how."""
    describe(
        parser,
        "Make a branch of commits that make scenarios of a revision faster: each proved, measured "
        "and with its figures in its message. The branch is made in the clone, and what is checked "
        "out there is left alone. The same command goes on where it was interrupted.",
        "optimize codeflash 0.20.5 --scenario help --python 3.13",
        "optimize rich main --repo ~/rich --least 2% --separate",
    )
    add_revision(
        parser,
        "a commit, tag, branch or release. A release without a clone is optimised in a clone made "
        "from its source distribution",
    )
    _add_what(parser.add_argument_group("what is optimised"))
    _add_how(parser.add_argument_group("how it is done"))


def _add_what(what: argparse._ArgumentGroup) -> None:
    add_pythons(what)
    add_scenarios(
        what,
        "make the commands and imports faster whose names match GLOB; may be repeated. "
        "Default: the target's default commands and imports",
    )
    what.add_argument(
        "--recipe",
        action="append",
        default=[],
        metavar="NAME",
        help="make only this kind of change; may be repeated. Default: all kinds",
    )
    what.add_argument(
        "--form",
        choices=[_AUTO, *map(str, Form)],
        default=_AUTO,
        help="how deferred imports are written: function: in the functions that need them; "
        "lazy-modules: __lazy_modules__, which Python 3.15 knows and older ones ignore; lazy: the "
        "statement of Python 3.15. Default: what suits the project's requires-python",
    )
    add_least(what, _LEAST, "make a commit only of what saves this share of a scenario's time")


def _add_how(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--branch",
        default="",
        metavar="NAME",
        help="name of the branch. Default: perf/optimize-REVISION",
    )
    how.add_argument(
        "--separate",
        action="store_true",
        help="also make a branch perf/DESCRIPTION for each change by itself, each measured",
    )
    how.add_argument(
        "--alpha",
        type=fraction,
        default=Options().alpha,
        help="highest probability that any faster or slower of all steps is wrong. "
        "Default: %(default)s",
    )
    how.add_argument(
        "--budget",
        type=positive,
        default=_BUDGET_S,
        metavar="SECONDS",
        help="most measuring time for each scenario in each step, in seconds. Default: %(default)g",
    )
    add_lanes(how)
    add_no_report(how)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Optimise, and write the pages; raises `BenchError`."""
    workspace = find_workspace()
    console = Console(highlight=False, soft_wrap=True)
    with make_watcher() as watcher, at_work(workspace):
        request = _understand(arguments, workspace, watcher)
        watcher.say(_plan_words(request))
        journal = open_journal(request, _repeat(arguments))
        session = OptimizeSession(request=request, watcher=watcher, journal=journal)
        try:
            optimization = session.run()
        except (KeyboardInterrupt, BenchError):
            if arguments.report and journal.steps:
                watcher.say("writing the page of what is done so far")
                _write_page(journal.kept_on_disk, workspace, console)
            raise
    for line in _ending(optimization, request):
        console.print(line, markup=False)
    if arguments.report:
        _write_page(optimization, workspace, console)
    return _status(optimization)


def _write_page(optimization: Optimization, workspace: Workspace, console: Console) -> None:
    # Plotting is slow to import.
    from bench.report.optimize.optimize_page import where_it_is  # noqa: PLC0415

    write_up(workspace, console, lambda results: where_it_is(optimization, results))


def _understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> OptimizeRequest:
    target = chosen_target(arguments, workspace, watcher.say, with_tests=True)
    planned = choose_scenarios(target, arguments.scenario, workspace.suites)
    recipes = choose_recipes(load(target, workspace), arguments.recipe)
    watcher.phase(f"looking up {arguments.revision}")
    revision, origin, clone, repo = find_revision(
        target, arguments.revision, workspace, arguments.repo, watcher.say
    )
    interpreters = tuple(pythons_of(target, arguments.python, watcher.say))
    requires = requires_python(clone, revision.identity, target.install.folder)
    form = suitable_form(requires) if arguments.form == _AUTO else Form(arguments.form)
    check_form(form, requires, [one.version for one in interpreters])
    return OptimizeRequest(
        target=target,
        revision=revision,
        origin=origin,
        clone=clone,
        repo=repo,
        workspace=workspace,
        interpreters=interpreters,
        planned=planned,
        recipes=recipes,
        form=form,
        requires_python=requires,
        least=arguments.least,
        alpha=arguments.alpha,
        budget_s=arguments.budget,
        lanes=arguments.lanes,
        branch=branch_name(arguments.branch, revision, clone),
        separate=arguments.separate,
    )


def _plan_words(request: OptimizeRequest) -> str:
    versions = ", ".join(one.version for one in request.interpreters)
    names = ", ".join(one.declaration.name for one in request.planned)
    return (
        f"{request.target.name} {request.revision.label} on Python {versions}: {names}\n"
        f"branch {request.branch} in {request.clone.path}"
    )


def _repeat(arguments: argparse.Namespace) -> str:
    """The command that asks the same."""
    return repeated(
        "optimize",
        [arguments.target, arguments.revision],
        arguments,
        lists=("scenario", "python", "recipe"),
        usual={
            "least": _LEAST,
            "form": _AUTO,
            "branch": "",
            "repo": None,
            "alpha": Options().alpha,
            "budget": _BUDGET_S,
            "lanes": 0,
        },
        flags=("separate",),
    )


def _ending(optimization: Optimization, request: OptimizeRequest) -> list[str]:
    """What came of it, in a few lines."""
    kept, tried = optimization.kept, optimization.steps
    if not kept:
        words = f"tried {counted(len(tried), 'change')}, kept none" if tried else "nothing found"
        return [f"\nNothing worth {request.least * 100:g}% of a scenario: {words}."]
    lines = [f"\n{counted(len(kept), 'commit')} on {request.branch} in {request.clone.path}:"]
    lines += [f"  {one.commit[:10]} perf: {one.title}" for one in kept]
    if optimization.whole is not None:
        lines.append("Whole:")
        lines += [
            f"  {one.scenario}, Python {one.python}: {before_after(one.base_s, one.head_s)}, "
            f"{gain_words(one)}"
            for one in optimization.whole.gains
        ]
        if failing := optimization.whole.tests_fail:
            lines.append(f"Tests that fail on the branch: {', '.join(failing)}")
    lines += switch_lines(optimization)
    lines += [
        f"  {one.name}: {one.reason or one.commit[:10]}"
        for one in optimization.branches
        if one.separate
    ]
    return lines


def _status(optimization: Optimization) -> ExitStatus:
    if optimization.whole is not None and optimization.whole.tests_fail:
        return ExitStatus.TESTS_FAILED
    nothing = optimization.progress is Progress.NOTHING
    return ExitStatus.NOTHING_FOUND if nothing else ExitStatus.DONE
