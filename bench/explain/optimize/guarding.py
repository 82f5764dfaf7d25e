"""The guard test of a branch: made for what its commits deferred, and run before it is committed.

What is recorded on one Python need not hold on another, where the standard library imports other
modules: so each scenario is started on all of them, and the test itself is run there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from bench.core.errors import BenchError
from bench.core.variants import numbers
from bench.engine.environments.interpreters import Interpreter
from bench.engine.session.watcher import Watcher
from bench.explain.counters.running import NotCountedError
from bench.explain.optimize.guard.check import imported_again
from bench.explain.optimize.guard.make import MadeGuard, make_guard
from bench.explain.optimize.guard.modules import guarded_modules
from bench.explain.optimize.guard.starts import Starts, starts_of
from bench.explain.optimize.guard.test_text import FILE
from bench.explain.optimize.project import Form
from bench.explain.optimize.record import GuardRecord, Optimization
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.rank.lazily import FIRST_LAZY

MESSAGE = (
    "test: keep deferred imports deferred\n\n"
    "The test starts each command in a process of its own, and fails when it imports\n"
    "one of the modules that the commits before this one deferred. It needs the\n"
    "standard library only.\n"
)


@dataclass(frozen=True)
class GuardTest:
    """What is recorded of the guard, and the text of its test: "" where there is none."""

    record: GuardRecord
    text: str = ""


@dataclass(frozen=True)
class Guarding:
    """Makes the guard test of one optimisation."""

    request: OptimizeRequest
    watcher: Watcher

    def make(self, optimization: Optimization, tip: str) -> GuardTest:
        """The test for `tip`; what keeps it from being made is the reason in the record."""
        try:
            return self._make(optimization, tip)
        except (BenchError, NotCountedError) as error:
            return _none(str(error))

    def _make(self, optimization: Optimization, tip: str) -> GuardTest:
        folder = folder_of_tests(self.request, tip)
        if not folder:
            return _none("the project has no folder of tests that is known")
        modules = {name: set(found) for name, found in guarded_modules(optimization).items()}
        if not any(modules.values()):
            return _none("no module is imported less than before")
        self.watcher.phase("making the guard test")
        with ExitStack() as stack:
            started = [stack.enter_context(self._starts(tip, one)) for one in self._interpreters()]
            for starts in started:
                self._leave_out_imported(starts, modules)
            made = self._made(started, modules)
            if not made.test:
                return _none("; ".join(made.left_out) or "no module stays deferred on all Pythons")
            for starts in started:
                starts.run_text(made.test)
        file = posixpath.join(folder, FILE)
        return GuardTest(GuardRecord(file=file, modules=made.modules), made.test)

    def _interpreters(self) -> list[Interpreter]:
        """Those on which the modules are deferred."""
        pythons = self.request.interpreters
        if self._form is Form.FUNCTION:
            return list(pythons)
        lazy = [one for one in pythons if numbers(one.version) >= FIRST_LAZY]
        return lazy or list(pythons)

    @property
    def _form(self) -> Form:
        return self.request.form or Form.FUNCTION

    def _starts(self, tip: str, interpreter: Interpreter) -> AbstractContextManager[Starts]:
        request = self.request
        pair = request.pair(tip, tip)
        return starts_of(
            request.target, pair, request.planned, interpreter, request.workspace, self.watcher,
            request.repo, request.date,
        )  # fmt: skip

    def _leave_out_imported(self, starts: Starts, modules: dict[str, set[str]]) -> None:
        """Take away what is imported on this Python after all."""
        for one in self.request.planned:
            wanted = modules.get(one.declaration.name)
            if wanted:
                found = imported_again(starts.recorded(one.declaration), wanted)
                wanted -= {again.module for again in found}

    def _made(self, started: Sequence[Starts], modules: dict[str, set[str]]) -> MadeGuard:
        wanted: dict[str, Collection[str]] = dict(modules)
        return make_guard(
            self.request.target,
            started[0].environment,
            [one.declaration for one in self.request.planned],
            wanted,
            form=self._form,
        )


def folder_of_tests(request: OptimizeRequest, tip: str) -> str:
    """Where the project keeps its tests: a declared folder, or that of a declared file; or ""."""
    tests = request.target.tests
    if tests is None:
        return ""
    files = request.clone.tree(tip)
    for path in tests.paths:
        place = posixpath.normpath(posixpath.join(request.target.install.subfolder, path))
        if place in files:
            return posixpath.dirname(place)
        if any(file.startswith(f"{place}/") for file in files):
            return place
    return ""


def _none(reason: str) -> GuardTest:
    return GuardTest(GuardRecord(file="", modules={}, reason=reason))
