"""All checks of a rewritten package, the quick ones first."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.core.crew import Crew, Job
from bench.core.errors import BuildError
from bench.core.revision import Revision, Source
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.measure.invocations import Subject
from bench.engine.measure.network import Network
from bench.engine.revisions.git import Clone
from bench.explain.checks.breakage import Attempt, Breakage, Check, Passed
from bench.explain.checks.compiling import CompilesCheck
from bench.explain.checks.house_style import HouseStyle
from bench.explain.checks.imports import ImportsCheck
from bench.explain.checks.lint import LintCheck
from bench.explain.checks.lone_imports import Importer
from bench.explain.checks.names import NamesCheck
from bench.explain.checks.outputs import OutputsCheck
from bench.explain.checks.overlay import Overlay, make_overlay, own_folders
from bench.explain.checks.own_tests import OwnTestsCheck
from bench.explain.checks.survey import ImportSurvey
from bench.explain.counters.observe import own_packages

_COPIES, _LINT = "checked", "linted"


@dataclass(frozen=True)
class AlreadyFailing:
    """What was seen to fail before anything was changed, and is held against no change.

    `modules` that cannot be imported alone → why; names of tests; why tests are no part of it.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    tests_reason: str = ""


@dataclass(kw_only=True)
class Checks:
    """What holds for one revision on one Python, and must hold for it rewritten.

    `files` are the project's own modules as installed → path from the root of the repository;
    `benchmarks` the scenarios; `subject` and `network` are what they run with (of a session's
    `subjects` and `network_of`, one side). `others` are more Pythons on which the files have to
    compile: base interpreters by the names of their versions. `say` hears once of what cannot be
    checked, and why. With `every_name` a module has to keep what it imports for its own use too.
    """

    target: Target
    revision: Revision
    environment: Environment
    interpreter: Interpreter
    files: Mapping[Path, str]
    benchmarks: Sequence[Benchmark]
    subject: Subject
    network: Network
    workspace: Workspace
    clone: Clone | None
    say: Callable[[str], None]
    phase: Callable[[str], None]
    repo: Path | None = None
    others: Mapping[str, Path] = field(default_factory=dict)
    every_name: bool = False
    tests: bool = True
    _known: dict[tuple[str, bool], Breakage | None] = field(default_factory=dict, init=False)
    _passed: dict[tuple[str, bool], tuple[Passed, ...]] = field(default_factory=dict, init=False)
    _made: int = field(default=0, init=False)

    def failure(self, texts: Mapping[str, str], *, whole: bool) -> Breakage | None:
        """The first check that fails for the new texts, by path from the repository's root.

        `whole` looks at everything; else at what is quick and likely to fail: the rewritten modules
        and those above them, scenarios of seconds, tests that failed before. What was asked before
        is remembered. Raises `BenchError`.
        """
        key = _key(texts, whole=whole)
        if key not in self._known:
            quick = self.failure(texts, whole=False) if whole else None
            self._known[key] = quick or self._first(texts, whole=whole)
        return self._known[key]

    @cached_property
    def style(self) -> HouseStyle:
        """How the project has its files written."""
        return HouseStyle(self._lint)

    def passed(self, texts: Mapping[str, str], *, whole: bool) -> tuple[Passed, ...]:
        """The checks that found nothing when these texts were looked at last."""
        return self._passed.get(_key(texts, whole=whole), ())

    @property
    def already_failing(self) -> AlreadyFailing:
        """What was found so far."""
        tests = self._checks[1]
        if tests is None:
            return AlreadyFailing(self._survey.not_imported)
        return AlreadyFailing(self._survey.not_imported, tests.failing, tests.reason)

    def _first(self, texts: Mapping[str, str], *, whole: bool) -> Breakage | None:
        if not texts:
            return None
        made = self._made
        attempt = Attempt(texts=texts, whole=whole, make=lambda: self._copy(texts))
        try:
            found, passed = self._looked_at(attempt)
        except BuildError as error:
            return Breakage(check="copy", words=error.message, files=tuple(texts))
        finally:
            if self._made > made:  # what fails early has no copy
                shutil.rmtree(self._folder(self._made), ignore_errors=True)
        self._passed[_key(texts, whole=whole)] = passed
        return found

    def _looked_at(self, attempt: Attempt) -> tuple[Breakage | None, tuple[Passed, ...]]:
        """The first check that fails, and those that passed.

        Where everything is looked at, the project's tests run beside the others: they use one core.
        """
        others, tests = self._checks
        if tests is None or not attempt.whole:
            return self._in_turn([*others, *([tests] if tests else [])], attempt)
        told: list[tuple[Breakage | None, tuple[Passed, ...]]] = []
        job = Job(do=lambda _worker: told.append(self._in_turn([tests], attempt)))
        with Crew(1) as crew:
            over = crew.run([job])
            found, passed = self._in_turn(others, attempt)
            if found is not None:
                crew.stop()
                return found, passed
            list(over)
        if job.error is not None:
            raise job.error
        ((found, tests_passed),) = told
        return found, (*passed, *tests_passed)

    def _in_turn(
        self, checks: Sequence[Check], attempt: Attempt
    ) -> tuple[Breakage | None, tuple[Passed, ...]]:
        passed: list[Passed] = []
        for check in checks:
            self.phase(f"checking: {check.name}")
            began = time.monotonic()
            found = check.failure(attempt)
            if found is not None:
                return found, tuple(passed)
            took_s = round(time.monotonic() - began, 2)
            passed.append(Passed(name=check.name, words=check.seen, took_s=took_s))
        return None, tuple(passed)

    @cached_property
    def _checks(self) -> tuple[tuple[Check, ...], OwnTestsCheck | None]:
        """The quick ones first, and the project's own tests, where they count."""
        survey = self._survey
        others: tuple[Check, ...] = (
            CompilesCheck({self.interpreter.version: self._python, **self.others}),
            self._lint,
            ImportsCheck(survey),
            NamesCheck(survey, self.every_name),
            OutputsCheck(
                benchmarks=self.benchmarks,
                subject=self.subject,
                network=self.network,
                base=self._base,
                say=self.say,
            ),
        )
        return others, self._tests(survey.modules) if self.tests else None

    @cached_property
    def _base(self) -> Overlay:
        return self._copy({})

    @cached_property
    def _survey(self) -> ImportSurvey:
        return ImportSurvey(
            importer=Importer(
                subject=self.subject,
                isolation=self.network.isolation,
                tops=tuple(sorted(own_packages(self.environment))),
            ),
            base=self._base,
            files=self.files,
            site=self._own[0].parent,
            main=self.environment.record.module,
            say=self.say,
        )

    @cached_property
    def _lint(self) -> LintCheck:
        return LintCheck(
            clone=self.clone if self.revision.source is Source.GIT else None,
            commit=self.revision.identity,
            originals={path: file for file, path in self.files.items()},
            folder=self.subject.home.parent.with_name(_LINT),
            say=self.say,
        )

    def _tests(self, modules: Mapping[str, str]) -> OwnTestsCheck:
        return OwnTestsCheck(
            target=self.target,
            revision=self.revision,
            interpreter=self.interpreter,
            workspace=self.workspace,
            modules=modules,
            say=self.say,
            phase=self.phase,
            repo=self.repo,
        )

    @cached_property
    def _own(self) -> tuple[Path, ...]:
        return own_folders(self.environment, own_packages(self.environment))

    @property
    def _python(self) -> Path:
        return (self.environment.venv / "bin" / "python").resolve()

    @cached_property
    def _installed(self) -> dict[str, Path]:
        return {path: file for file, path in self.files.items()}

    def _copy(self, texts: Mapping[str, str]) -> Overlay:
        """A copy of the own packages; the names of all copies are of one length."""
        if texts:
            self._made += 1
        known = {place: text for path, text in texts.items() if (place := self._place(path))}
        return make_overlay(self.environment, self._own, known, self._folder(self._made))

    def _place(self, path: str) -> Path | None:
        """Where a file of the repository is installed; a new module goes beside those there are."""
        if path in self._installed or not path.endswith(".py"):
            return self._installed.get(path)
        folder, _, name = path.rpartition("/")
        beside = (file for one, file in self._installed.items() if one.rpartition("/")[0] == folder)
        first = next(beside, None)
        return first.with_name(name) if first else None

    def _folder(self, number: int) -> Path:
        return self.subject.home.with_name(_COPIES) / f"{number:03d}"


def _key(texts: Mapping[str, str], *, whole: bool) -> tuple[str, bool]:
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest(), whole
