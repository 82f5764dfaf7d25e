"""What a target's own tests said of both revisions: no figure counts where the code is wrong."""

from __future__ import annotations

import enum

import msgspec


class Ending(enum.StrEnum):
    """How a run of a test suite ended; only `RESULTS` tells anything of single tests."""

    RESULTS = "results"
    TIMED_OUT = "timed out"
    NO_RESULTS = "no results"


class SuiteRun(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One revision's tests, run once in a fresh checkout.

    `source` says where the tests come from, `left_out` names declared paths that this revision does
    not have, `detail` is what the suite said last when it left no results, `contradiction` how its
    process and its output disagree with its results, which tests can write themselves.
    """

    ending: Ending
    source: str
    environment: str
    duration_s: float
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    left_out: tuple[str, ...] = ()
    detail: str = ""
    contradiction: str = ""

    @property
    def has_results(self) -> bool:
        """Whether single tests are known."""
        return self.ending is Ending.RESULTS


class Gate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Both revisions' tests, compared.

    `reason` says why nothing was run; then the rest is empty. `newly_failing` fail on head, also
    when run once more, and did not fail on base; `flaky` failed on head at first and were taken
    back by the second run. `added` and `removed` count tests that only one side has.
    """

    reason: str = ""
    command: tuple[str, ...] = ()
    network: str = ""
    base: SuiteRun | None = None
    head: SuiteRun | None = None
    newly_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0

    @property
    def was_run(self) -> bool:
        """Whether there is anything to compare."""
        return self.base is not None and self.head is not None

    @property
    def head_broke(self) -> bool:
        """Head's suite left no results (time-out, crash) although base's did."""
        if self.base is None or self.head is None:
            return False
        return self.base.has_results and not self.head.has_results

    @property
    def head_contradicts(self) -> str:
        """How head's results disagree with how its tests ended, where base's do not; or ""."""
        if self.base is None or self.head is None or self.base.contradiction:
            return ""
        return self.head.contradiction

    @property
    def newly_fails(self) -> bool:
        """Whether head is worse than base: the pair's figures may be those of broken code."""
        return bool(self.newly_failing or self.head_broke or self.head_contradicts)
