"""`python -m bench run TARGET --watch`: a verdict on each save of a file."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text
from watchfiles import DefaultFilter, watch

from bench.cli.planning import understand
from bench.core.errors import BenchError, ExitStatus, NothingChangedError, UsageError
from bench.core.options import SPLIT
from bench.core.result import Result
from bench.core.revision import Pair
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.pair import Builder, Dependencies
from bench.engine.evaluation import evaluate
from bench.engine.revisions.resolve import clone_path, resolve_range
from bench.engine.session.plan import Plan
from bench.engine.session.session import Session
from bench.engine.session.unreported import mark_reported
from bench.formats.text import counted
from bench.report.screen.saves import SaveWatcher, save_heading, save_line
from bench.report.screen.watchers import ScreenWatcher, make_watcher

_SETTLED_MS, _LOOK_EVERY_MS, _FIRST_MS = 200, 30, 100


def watch_saves(arguments: argparse.Namespace) -> ExitStatus:
    """Measure at each save until Ctrl-C; raises `BenchError` for what no save can mend."""
    text = _range(arguments)
    workspace, console = find_workspace(), Console(highlight=False)
    with make_watcher() as watcher, at_work(workspace):
        plan = _plan(arguments, text, workspace, watcher)
        folder = clone_path(plan.target, workspace, plan.repo)
        saves = _Saves(plan, text, watcher, console)
        watcher.say(
            f"watching {folder} against {plan.pair.base.name} on Python "
            f"{plan.interpreters[0].version}; Ctrl-C ends"
        )
        saves.build_base()
        try:
            for saved_at in _changes(folder, workspace):
                saves.measure(saved_at)
        except KeyboardInterrupt:
            if saves.is_measuring:
                raise
    kept = workspace.data / plan.target.name
    console.print(f"{counted(saves.measured, 'save')} measured; kept in {kept}", soft_wrap=True)
    return ExitStatus.DONE


def _range(arguments: argparse.Namespace) -> str:
    """From a base to the working tree."""
    typed = arguments.range or "HEAD"
    if not typed.endswith("..") and ".." in typed:
        raise UsageError(
            f"--watch measures the working tree, and {typed} names another head.",
            "Name the base alone (main), or nothing for HEAD.",
        )
    for option, chosen in (
        ("--json", arguments.json),
        ("--dry-run", arguments.dry_run),
        ("--fail-on", bool(arguments.fail_on)),
        ("--block", bool(arguments.block)),
        ("a history", bool(arguments.every) or arguments.tags),
        ("--deps split", arguments.deps == SPLIT),
    ):
        if chosen:
            raise UsageError(f"--watch and {option} exclude each other.", "Leave one out.")
    return typed if typed.endswith("..") else f"{typed}.."


def _plan(
    arguments: argparse.Namespace, text: str, workspace: Workspace, watcher: ScreenWatcher
) -> Plan:
    """What is measured at each save; its head is the base until then."""
    base = text.rstrip(".")
    arguments.range, arguments.quick = f"{base}..{base}", True
    plan = understand(arguments, workspace, watcher, counters=False)
    return dataclasses.replace(plan, interpreters=plan.interpreters[-1:])


def _changes(folder: Path, workspace: Workspace) -> Iterator[float]:
    """Now, and whenever files have been written: moments of `time.monotonic`."""
    own = (workspace.cache, workspace.data, workspace.results)
    aside = [one for one in own if one.is_relative_to(folder)]
    is_first = True
    for written in watch(
        folder,
        watch_filter=DefaultFilter(ignore_paths=aside),
        debounce=_SETTLED_MS,
        step=_LOOK_EVERY_MS,
        rust_timeout=_FIRST_MS,
        yield_on_timeout=True,
    ):
        # The first look comes when files are watched already: no save in between is missed.
        if written or is_first:
            yield time.monotonic() - _LOOK_EVERY_MS / 1000
        is_first = False


@dataclass
class _Saves:
    """The saves of one session; `last` are the results of the one before, by benchmark.

    `seen` are those of all contents that were measured, by the tree's hash.
    """

    plan: Plan
    text: str
    watcher: ScreenWatcher
    console: Console
    measured: int = 0
    is_measuring: bool = False
    tree: str = ""
    last: dict[str, Result] = field(default_factory=dict)
    seen: dict[str, dict[str, Result]] = field(default_factory=dict)

    def build_base(self) -> None:
        """Have what all saves are compared with; raises `BenchError`."""
        self._builder(self.plan.pair, []).build_one(self.plan.interpreters[0])

    def measure(self, saved_at: float) -> None:
        """Look at the files, and measure them if they are not as before."""
        plan = self.plan
        try:
            pair = resolve_range(plan.target, self.text, plan.workspace, plan.repo)
        except NothingChangedError as error:
            if self.tree or not self.measured:
                self.watcher.say(error.message if self.tree else "nothing is changed yet")
            self.tree = ""
            return
        except BenchError as error:
            self.watcher.say(str(error))
            return
        if pair.head.identity == self.tree:
            return
        self.tree = pair.head.identity
        self._print(Text(save_heading(pair.head, time.strftime("%H:%M:%S")), style="bold"))
        if self.tree in self.seen:
            self._show_again()
            return
        self.is_measuring = True
        try:
            self._measure(pair, saved_at)
        except BenchError as error:
            self.watcher.say(str(error))
        self.is_measuring = False

    def _measure(self, pair: Pair, saved_at: float) -> None:
        said: list[str] = []
        plan = dataclasses.replace(self.plan, pair=pair)
        interpreter = plan.interpreters[0]
        environments = self._builder(pair, said).build(interpreter)
        built_s = time.monotonic() - saved_at
        last, decided_s = self.last, [0.0]

        def tell(result: Result) -> None:
            if not result.is_control:
                decided_s[0] = time.monotonic() - saved_at
                self._print(save_line(result, last.get(result.name)))

        run = Session(plan, SaveWatcher(self.watcher, tell)).run(interpreter, environments)
        mark_reported(plan.workspace, [run])
        evaluation = evaluate(run)
        self.last = self.seen[self.tree] = {one.name: one for one in evaluation.results}
        self.measured += 1
        anew = [line.partition("built anew, ")[2] for line in said if "built anew" in line]
        doubtful = "; the control differs, so that this is doubtful" if evaluation.doubtful else ""
        words = f"environment after {built_s:.1f} s, verdicts {decided_s[0]:.1f} s after the save"
        words += "".join(f"; built anew, {one}" for one in anew) + doubtful
        self._print(Text(f"      {words}", style="dim"))

    def _show_again(self) -> None:
        """What was measured of these files before in this session."""
        again, before = self.seen[self.tree], self.last
        for name, result in again.items():
            if not result.is_control:
                self._print(save_line(result, before.get(name)))
        self._print(Text("      as measured before", style="dim"))
        self.last = again

    def _print(self, line: Text) -> None:
        with self.watcher.aside():
            self.console.print(line, soft_wrap=True)

    def _builder(self, pair: Pair, said: list[str]) -> Builder:
        def note(words: str) -> None:
            said.append(words)
            self.watcher.phase(words)

        return Builder(
            target=self.plan.target,
            pair=pair,
            workspace=self.plan.workspace,
            announce=note,
            repo=self.plan.repo,
            dependencies=Dependencies(self.plan.options.dependencies),
        )
