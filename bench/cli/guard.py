"""`python -m bench guard`: keep deferred modules deferred, by a test or by a check in CI."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bench.cli.arguments import add_pythons, add_revision, add_scenarios, describe
from bench.cli.target_choice import chosen_target
from bench.core.errors import DataError, ExitStatus, NothingMeasuredError, UsageError
from bench.core.files import write_atomically
from bench.core.options import Options
from bench.core.revision import Pair, Revision, Source
from bench.core.target import Benchmark, Kind, Target
from bench.core.variants import numbers
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.resolve import clone_path, resolve_range
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.documents import cannot_write
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.optimize.guard.check import imported_again
from bench.explain.optimize.guard.make import MadeGuard, make_guard
from bench.explain.optimize.guard.modules import guarded_modules
from bench.explain.optimize.guard.programs import words_of
from bench.explain.optimize.guard.requirements import required_modules
from bench.explain.optimize.guard.settings import modules_at
from bench.explain.optimize.guard.starts import Starts, starts_of
from bench.explain.optimize.guard.test_text import FILE, read_guard_test
from bench.explain.optimize.project import Form
from bench.explain.optimize.record import Optimization
from bench.explain.optimize.stored import OPTIMIZATIONS
from bench.explain.rank.lazily import FIRST_LAZY
from bench.formats.text import counted
from bench.report.screen.watchers import make_watcher

_IN_TREE = (f"tests/{FILE}", f"test/{FILE}", FILE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which modules, where they must not be imported, and whether that is checked or written."""
    describe(
        parser,
        "Write a test that fails when a module that was deferred is imported at start again; it "
        "needs the standard library only. With --check nothing is written: the revision is "
        "started, and what is back is named with the statement that imports it. The modules are "
        "those that `optimize` deferred; without such a run, those given by --module, or what the "
        "project requires and the start does not import today.",
        "guard codeflash perf/optimize-2cd23f919",
        "guard codeflash main --check --test test_guard.py",
        "guard rich 14.0.0 --scenario import-console --module pygments",
    )
    add_revision(parser, "a commit, tag, branch or release to guard or check")
    add_pythons(parser)
    add_scenarios(
        parser,
        "start the benchmarks whose names match GLOB; may be repeated. Default: those that "
        "`optimize` ran, or the target's default commands and imports",
    )
    parser.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="NAME",
        help="guard this module, in each scenario; may be repeated. Default: see above",
    )
    parser.add_argument(
        "--form",
        choices=[str(one) for one in Form],
        help="how the modules were deferred: decides about ruff's settings and the Pythons of the "
        "test. Default: as `optimize` did it, or function",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"write the test to FILE. Default: {FILE} beside the page of the optimisation",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"check the revision; exit status {ExitStatus.IMPORTED_AGAIN} where a module is back",
    )
    parser.add_argument(
        "--test",
        type=Path,
        metavar="FILE",
        help="with --check: take the modules from this guard test. Default: the test in the "
        "revision's tests, or what `optimize` deferred",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Write the test, or check the revision. Raises `BenchError`."""
    workspace = find_workspace()
    target = chosen_target(arguments, workspace)
    with make_watcher() as watcher, at_work(workspace):
        guarding = _begun(arguments, target, workspace, watcher)
        return guarding.check() if arguments.check else guarding.write()


def _begun(
    arguments: argparse.Namespace, target: Target, workspace: Workspace, watcher: Watcher
) -> _Guarding:
    """Look up what is guarded: the test for what was optimised is one for the branch's tip."""
    name, repo = arguments.revision, arguments.repo
    pair = resolve_range(target, f"{name}..{name}", workspace, repo)
    record = _record_of(target, pair.head, workspace, watcher)
    is_base = record is not None and record.asked.revision.identity == pair.head.identity
    if record and record.whole and is_base and not arguments.check:
        tip = record.whole.commit
        watcher.say(f"{name} is what was optimised: the guard is of {record.asked.branch}.")
        pair = resolve_range(target, f"{tip}..{tip}", workspace, repo)
    form = Form(arguments.form) if arguments.form else _form_of(record)
    return _Guarding(arguments, target, workspace, watcher, pair, record, form)


def _record_of(
    target: Target, revision: Revision, workspace: Workspace, watcher: Watcher
) -> Optimization | None:
    """The newest optimisation of the target that has the revision, or else its newest."""
    found = []
    for _, one in OPTIMIZATIONS.read_all(workspace.data):
        if isinstance(one, DataError):
            watcher.say(str(one))
        elif one.asked.target == target.name and one.kept:
            found.append(one)
    found.sort(key=lambda one: (revision.identity in _commits(one), one.asked.started_at))
    return found[-1] if found else None


def _commits(one: Optimization) -> set[str]:
    branches = {branch.commit for branch in one.branches}
    return {one.asked.revision.identity, *branches, *(step.commit for step in one.kept)}


def _form_of(record: Optimization | None) -> Form:
    known = record.asked.form if record else ""
    return Form(known) if known in set(Form) else Form.FUNCTION


@dataclass(frozen=True)
class _Guarding:
    arguments: argparse.Namespace
    target: Target
    workspace: Workspace
    watcher: Watcher
    pair: Pair
    record: Optimization | None
    form: Form

    def write(self) -> ExitStatus:
        """Write the test, and say what goes into `pyproject.toml`."""
        interpreter = self._pythons()[0]
        planned = self._planned()
        with self._starts(planned, interpreter) as starts:
            modules = self._guarded(starts, [one.declaration for one in planned])
            made = make_guard(
                self.target,
                starts.environment,
                [one.declaration for one in planned],
                modules,
                form=self.form,
                sources=starts.sources(),
                eager=self._eager(),
            )
        for reason in made.left_out:
            self.watcher.say(f"{reason}: it is left out.")
        if not made.test:
            raise NothingMeasuredError(
                "There is nothing to guard: no module is deferred in a scenario that a test can "
                "start.",
                "Name modules with --module, and scenarios with --scenario.",
            )
        self._put(made)
        return ExitStatus.DONE

    def _put(self, made: MadeGuard) -> None:
        file = self.arguments.output or self._page_folder() / FILE
        try:
            write_atomically(file, made.test)
        except OSError as error:
            raise cannot_write(file, error) from error
        for name, modules in made.modules.items():
            print(f"{name}: {', '.join(modules)}")
        print(f"Test: {file}")
        if made.settings.text:
            print(f"For pyproject.toml:\n\n{made.settings.text}\n")
        if made.settings.left_out:
            print(
                "In no setting, as other files of the project import them at their top level: "
                f"{', '.join(made.settings.left_out)}."
            )

    def _page_folder(self) -> Path:
        revision = self.record.asked.revision if self.record else self.pair.head
        return self.workspace.results / "optimize" / self.target.name / revision.label

    def check(self) -> ExitStatus:
        """Start each scenario on each Python, and say what is back."""
        planned = self._planned()
        declared = self._declared(planned)
        if not any(declared.values()):
            raise UsageError(
                f"No module to check: {self.target.name} was not optimised here, and "
                f"{self.arguments.revision} has no {FILE}.",
                "Name modules with --module, or a guard test with --test.",
            )
        wanted = [one for one in planned if declared.get(one.declaration.name)]
        lazy = self.form is not Form.FUNCTION
        pythons = [one for one in self._pythons() if not lazy or numbers(one.version) >= FIRST_LAZY]
        if not pythons:
            raise NothingMeasuredError(
                "Lazy imports need Python 3.15: on older ones the modules are imported at start.",
                "Add --python 3.15.",
            )
        back = [self._checked(wanted, declared, one) for one in pythons]
        return ExitStatus.IMPORTED_AGAIN if any(back) else ExitStatus.DONE

    def _checked(
        self,
        wanted: Sequence[PlannedBenchmark],
        declared: Mapping[str, Collection[str]],
        interpreter: Interpreter,
    ) -> bool:
        """Whether a module is back on one Python; each scenario has a line."""
        back = False
        with self._starts(wanted, interpreter) as starts:
            for one in wanted:
                names = declared[one.declaration.name]
                found = imported_again(starts.recorded(one.declaration), names)
                back = back or bool(found)
                where = f"{one.declaration.name}, Python {interpreter.version}"
                for again in found:
                    print(f"{where}: imported again: {again.words}")
                if not found:
                    print(f"{where}: {counted(len(names), 'module')} not imported at start")
        return back

    def _starts(
        self, planned: Sequence[PlannedBenchmark], interpreter: Interpreter
    ) -> AbstractContextManager[Starts]:
        return starts_of(
            self.target,
            self.pair,
            planned,
            interpreter,
            self.workspace,
            self.watcher,
            self.arguments.repo,
        )

    def _pythons(self) -> list[Interpreter]:
        return list(pythons_of(self.target, self.arguments.python, self.watcher.say))

    def _planned(self) -> tuple[PlannedBenchmark, ...]:
        """What is asked for, what was optimised, or the default commands and imports."""
        patterns = tuple(self.arguments.scenario)
        known = {one.name for one in self.target.benchmark}
        if not patterns and self.record and not self.arguments.module:
            patterns = tuple(name for name in self.record.asked.scenarios if name in known)
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in known):
                raise UsageError(
                    f"--scenario {pattern} matches nothing in {self.target.name}.",
                    f"Benchmarks: {', '.join(sorted(known))}.",
                )
        chosen = select(self.target, Options(benchmarks=patterns), self.workspace.suites)[1:]
        found = tuple(one for one in chosen if _is_start(one.declaration))
        if not found:
            raise UsageError("Commands and imports have a start that can be guarded: none is left.")
        return found

    def _guarded(
        self, starts: Starts, benchmarks: Sequence[Benchmark]
    ) -> dict[str, Collection[str]]:
        """By scenario, what its start does not import: asked for, deferred, or required."""
        known = guarded_modules(self.record) if self.record else {}
        found: dict[str, Collection[str]] = {}
        for one in benchmarks:
            wanted = set(self.arguments.module) or set(known.get(one.name, ()))
            named = bool(wanted)
            if not named and self.record is None:
                wanted = set(required_modules(starts.environment))
            back = imported_again(starts.recorded(one), wanted)
            if named:
                for again in back:
                    self.watcher.say(f"{one.name} imports {again.words}: it is not guarded.")
            found[one.name] = wanted - {again.module for again in back}
        return found

    def _declared(self, planned: Sequence[PlannedBenchmark]) -> Mapping[str, Collection[str]]:
        """By scenario, what must not be imported: given, from a guard test, or as optimised."""
        names = [one.declaration.name for one in planned]
        if self.arguments.module:
            return dict.fromkeys(names, self.arguments.module)
        by_words = self._in_test()
        if by_words is None:
            return guarded_modules(self.record) if self.record else {}
        module = self.target.modules[0]
        return {
            one.declaration.name: by_words.get(words_of(one.declaration, module), ())
            for one in planned
        }

    def _in_test(self) -> dict[str, tuple[str, ...]] | None:
        """The table of the guard test: of `--test`, or of the revision; None where none is."""
        file = self.arguments.test
        if file is not None:
            try:
                return read_guard_test(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UsageError(
                    f"{file} is no guard test: {error}.", "`bench guard` writes one."
                ) from error
        if self.pair.head.source is not Source.GIT:
            return None
        clone = open_clone(clone_path(self.target, self.workspace, self.arguments.repo))
        for path in _IN_TREE:
            text = clone.text(self.pair.head.identity, path)
            if text:
                try:
                    return read_guard_test(text)
                except ValueError as error:
                    self.watcher.say(f"{path} of the revision is no guard test: {error}.")
        return None

    def _eager(self) -> set[str]:
        """Modules whose deferring failed a check: they stay as they are."""
        if self.record is None or self.form is Form.FUNCTION:
            return set()
        clone = open_clone(clone_path(self.target, self.workspace, self.arguments.repo))
        base = self.record.asked.revision.identity
        sites = {one.site for step in self.record.steps for one in step.excluded}
        texts = {file: clone.text(base, file) for file in {one.file for one in sites}}
        return {name for one in sites for name in modules_at(texts[one.file], one.line)}


def _is_start(benchmark: Benchmark) -> bool:
    is_elsewhere = benchmark.service is not None or benchmark.container is not None
    return benchmark.kind is not Kind.SCRIPT and not is_elsewhere
