"""Run one revision's tests in a fresh checkout, once: results are remembered.

On disk: `<cache>/tests/<hash>.json`; the hash covers the environment, the command and everything
the tests can see of the harness. A suite without results (time-out, crash) is not remembered.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.files import write_atomically
from bench.core.gate import Ending, SuiteRun
from bench.core.printable import printable
from bench.core.process import Finished, run_tool, transcript
from bench.core.secrets import without_secrets
from bench.core.target import OwnTests, Target
from bench.core.workspace import Workspace
from bench.engine.environments.clean import subject_environment
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.folders import give
from bench.engine.sandbox.isolation import Isolation
from bench.engine.sources.trees import Sources, present, put_texts
from bench.engine.testgate.environment import fresh_checkout, throwaway_folder
from bench.engine.testgate.junit import Case, read_junit, read_messages

# Fixed for measured processes, but what a project's own tests may test, or set themselves.
_NOT_FOR_TESTS = ("TERM", "NO_COLOR", "COLUMNS", "LINES", "PYTHONSAFEPATH")
_DETAIL_LINES = 12
_PASSED = re.compile(r"\b(\d+) (passed|xpassed)\b")


class SuiteOutcome(msgspec.Struct, frozen=True):
    """How a suite ended and, where it left results, how each test did.

    `messages` are the first lines of what those that failed said.
    """

    run: SuiteRun
    cases: dict[str, Case]
    messages: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One revision's tests, ready to run; `texts` are those of files that are not as it has them,
    which only an editable installation sees.
    """

    target: Target
    tests: OwnTests
    sources: Sources
    key: str
    folder: Path
    isolation: Isolation
    workspace: Workspace
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """For the reader: which tests."""
        return self.sources.description + ", rewritten" * bool(self.texts)

    def run(self, only: tuple[str, ...] = ()) -> tuple[SuiteOutcome, bool]:
        """Run all tests, or `only` some; also says whether the result was remembered."""
        file = self.workspace.cache / "tests" / f"{self._digest(only)}.json"
        try:
            return msgspec.json.decode(file.read_bytes(), type=SuiteOutcome), True
        except (OSError, msgspec.DecodeError):
            pass
        outcome = self._run(only)
        if outcome.run.has_results:
            write_atomically(file, msgspec.json.encode(outcome))
        return outcome, False

    def _digest(self, only: tuple[str, ...]) -> str:
        seen = (
            self.key,
            self.tests,
            self.isolation.network,
            self.isolation.description,
            os.geteuid() == 0,
            only,
            *([sorted(self.texts.items())] if self.texts else ()),
        )
        return hashlib.sha256(msgspec.json.encode(seen)).hexdigest()[:24]

    def _run(self, only: tuple[str, ...]) -> SuiteOutcome:
        with throwaway_folder() as folder, fresh_checkout(self.folder) as checkout:
            home = folder / "home"
            home.mkdir()
            put_texts(checkout, self.sources, self.texts)
            if self.isolation.sandbox is not None:
                for one in (folder, checkout):
                    give(one, self.isolation.sandbox.owner)
            results = folder / "junit.xml"
            started = time.monotonic()
            finished = run_tool(
                [
                    *self.isolation.around(self._access(folder, checkout)),
                    *self._command(checkout, results, only),
                ],
                cwd=checkout / self.sources.project,
                env=self._environment(home),
                timeout_s=self.tests.timeout_s,
            )
            took_s = time.monotonic() - started
            write_atomically(self.log, transcript([finished]))
            return self._outcome(finished, results, took_s)

    def _access(self, folder: Path, checkout: Path) -> Access:
        python = self.folder / "venv" / "bin" / "python"
        return Access((self.folder, *python_folders(python)), (folder, checkout))

    @property
    def log(self) -> Path:
        """The whole output of the last run."""
        return self.workspace.logs / f"tests-{self.target.name}-{self.key}.log"

    def _command(self, checkout: Path, results: Path, only: tuple[str, ...]) -> list[str]:
        return [
            *self.tests.command,
            f"--rootdir={checkout / self.sources.project}",
            "--override-ini=junit_family=xunit1",
            f"--junitxml={results}",
            "--continue-on-collection-errors",
            *(f"--deselect={one}" for one in self.tests.deselect),
            *(only or self._paths),
        ]

    @property
    def _paths(self) -> tuple[str, ...]:
        return present(self.tests.paths, self.sources.files, self.sources.project)

    def _environment(self, home: Path) -> dict[str, str]:
        """As for measured processes, without what tests themselves may be about: the screen, and
        the target's variables for measuring (pip's tests fail with its PIP_CONFIG_FILE).

        The hash seed is fixed, so that both sides see one order of sets.
        """
        own = {
            "PYTHONHASHSEED": "0",
            "GIT_CEILING_DIRECTORIES": str(self.folder),
            **self.tests.env,
        }
        whole = subject_environment(self.folder / "venv", home, own)
        return {key: value for key, value in whole.items() if _is_for_tests(key, own)}

    def _outcome(
        self,
        finished: Finished,
        results: Path,
        took_s: float,
    ) -> SuiteOutcome:
        cases = read_junit(results)
        if not cases:
            timed_out = finished.status is None
            failed = SuiteRun(
                ending=Ending.TIMED_OUT if timed_out else Ending.NO_RESULTS,
                source=self.description,
                environment=self.key,
                duration_s=round(took_s, 1),
                detail=_said(finished, self.workspace.root),
            )
            return SuiteOutcome(failed, {})
        count = Counter(cases.values())
        run = SuiteRun(
            ending=Ending.RESULTS,
            source=self.description,
            environment=self.key,
            duration_s=round(took_s, 1),
            passed=count[Case.PASSED],
            failed=count[Case.FAILED],
            errors=count[Case.ERROR],
            skipped=count[Case.SKIPPED],
            left_out=tuple(path for path in self.tests.paths if path not in self._paths),
            contradiction=contradiction(finished, cases.values()),
        )
        return SuiteOutcome(run, cases, read_messages(results))


def contradiction(finished: Finished, cases: Collection[Case]) -> str:
    """How a suite's end and its last line disagree with its results; "" where they agree.

    A `conftest.py` can write the results itself. What it prints it can choose as well: this is what
    can be seen, and what both sides have in common is the project's own way.
    """
    count = Counter(cases)
    fails = bool(count[Case.FAILED] or count[Case.ERROR])
    if finished.status is None:
        return "it did not end in time"
    if fails != (finished.status != 0):
        listed = "failures" if fails else "no failure"
        return f"it ended with status {finished.status}, and its results list {listed}"
    told = _PASSED.findall("\n".join(finished.stdout.splitlines()[-3:]))
    passed = sum(int(number) for number, _ in told)
    if told and passed != count[Case.PASSED]:
        return f"it said that {passed} passed, and its results list {count[Case.PASSED]}"
    return ""


def _is_for_tests(key: str, own: dict[str, str]) -> bool:
    return key in own or key not in _NOT_FOR_TESTS


def _said(finished: Finished, root: Path) -> str:
    """The end of the output, standard output first: that is where pytest reports."""
    text = "\n".join(part for part in (finished.stdout.strip(), finished.stderr.strip()) if part)
    ending = "ran into its time-out" if finished.status is None else f"status {finished.status}"
    lines = printable(without_secrets(text)).splitlines()[-_DETAIL_LINES:]
    last = "\n".join(lines).replace(str(root), "…")
    return f"{ending}\n{last}".strip()
