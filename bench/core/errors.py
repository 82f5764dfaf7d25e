"""Errors a user can cause or meet, each with the exit status it ends the program with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from bench.core.secrets import without_secrets


class ExitStatus(IntEnum):
    """Exit statuses of `python -m bench` and of the nox sessions that call it."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SLOWER = 3
    NOTHING_MEASURED = 4
    BUILD_FAILED = 5
    TESTS_FAILED = 6
    BROKEN = 7
    MORE_MEMORY = 8
    IMPORTED_AGAIN = 9
    NOTHING_FOUND = 10
    INTERRUPTED = 130


class BenchError(Exception):
    """Something went wrong that the user can act on.

    `message` says what happened and `hint` what to do about it; neither needs a traceback.
    """

    status = ExitStatus.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        message = message.encode(errors="backslashreplace").decode()  # names of files are any bytes
        super().__init__(without_secrets(message))
        self.message = without_secrets(message)
        self.hint = without_secrets(hint)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def reason_for(self, benchmark: str) -> str:  # noqa: ARG002 - the same for all of them
        """Why there is nothing of a benchmark, in a line."""
        return " ".join(self.message.split())


class UsageError(BenchError):
    """The command line, a target's TOML file or the working directory is not usable as it is."""


class NothingChangedError(UsageError):
    """A working tree is what it is compared with."""


class DataError(BenchError):
    """A file under `data/` is damaged, in use, or written by a newer version."""


class NothingMeasuredError(BenchError):
    """No benchmark of the session could be measured; `reasons` say of each why, by name."""

    status = ExitStatus.NOTHING_MEASURED

    def __init__(
        self, message: str, hint: str = "", *, reasons: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.reasons = reasons or {}

    def reason_for(self, benchmark: str) -> str:
        """What is known of this one; else what is said of all."""
        own = without_secrets(" ".join(self.reasons.get(benchmark, "").split()))
        return own or super().reason_for(benchmark)


class BuildError(BenchError):
    """A revision could not be installed, or what was installed is not what was asked for."""

    status = ExitStatus.BUILD_FAILED


class NoPackageError(BuildError):
    """A third-party package cannot be had for a Python on this machine."""


class UnprovenError(BuildError):
    """What is measured is not what was built: whatever it showed counts for nothing."""
