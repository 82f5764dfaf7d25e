"""Run a benchmark's process under an instrument, with all that a timed one has but the timing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.core.process import Finished, run_tool
from bench.core.secrets import without_secrets
from bench.core.target import Benchmark, Kind
from bench.core.told import NotToldError, read_text
from bench.engine.measure.client import Invocation
from bench.engine.measure.homes import HomeError
from bench.engine.measure.inputs import put_files
from bench.engine.measure.invocations import Subject
from bench.engine.sandbox.folders import keep_plain_files, scratch_beside
from bench.engine.sandbox.isolation import Isolation

# As the launcher does it: standard streams are files. A child it leaves behind must not keep us
# waiting for the end of a pipe either.
_STREAMS = ("/bin/sh", "-c", 'in="$1" out="$2"; shift 2; exec "$@" <"$in" >"$out" 2>"$0"')


class NotCountedError(Exception):
    """An instrument is missing, or the benchmark fails under it (the message says how)."""


@dataclass(frozen=True)
class Runner:
    """Starts counted processes: off the network like timed ones, under one fixed hash seed."""

    isolation: Isolation
    timeout_s: float

    def run(
        self,
        benchmark: Benchmark,
        invocation: Invocation,
        *,
        under: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Run once under an instrument's command; raises `NotCountedError` unless it ends well."""
        try:
            if invocation.home is not None:
                invocation.home.renew(self.isolation.around(invocation.access))
            put_files(benchmark, invocation)
        except HomeError as error:
            raise NotCountedError(str(error)) from error
        with scratch(invocation) as folder:
            errors = folder / "stderr"
            apart = self.isolation.around(invocation.access)
            finished = run_tool(
                [
                    *apart,
                    *_STREAMS,
                    errors,
                    invocation.stdin,
                    invocation.stdout,
                    *under,
                    *invocation.argv,
                ],
                cwd=invocation.folder or invocation.cwd,
                env={**invocation.env, "PYTHONHASHSEED": "0", **(variables or {})},
                timeout_s=self._limit_s(benchmark),
            )
            keep_plain_files(invocation.cwd)
            if not benchmark.allows(finished.status):
                raise NotCountedError(_ending(finished, errors, self._limit_s(benchmark)))

    def _limit_s(self, benchmark: Benchmark) -> float:
        """Seconds after which a process is stopped; one that takes minutes may."""
        return max(self.timeout_s, benchmark.timeout_s) if benchmark.rounds else self.timeout_s


def one_run(subject: Subject, benchmark: Benchmark, calls: int = 1) -> Invocation:
    """A benchmark's process, to be run once; a script's worker makes `calls` calls.

    Raises `NotPresentError` and `NotServedError`.
    """
    if benchmark.kind is not Kind.SCRIPT:
        return subject.invocation(benchmark)
    options = ("--worker", "--worker-task", "0", "--warmups", "0", "--values", "1",
               "--loops", str(calls))  # fmt: skip
    # It prints what it measures: nobody reads a pipe of its own.
    return replace(subject.invocation(benchmark, options), extra="")


def _ending(finished: Finished, errors: Path, limit_s: float) -> str:
    if finished.status is None:
        return f"stopped after {limit_s:.0f} s"
    said = read_text(errors) if errors.exists() else ""
    last = without_secrets(said.strip() or finished.stderr.strip()).splitlines()[-1:]
    return ": ".join([f"exit status {finished.status}", *(line[:300] for line in last)])


@contextmanager
def scratch(invocation: Invocation) -> Iterator[Path]:
    """A folder for what an instrument writes: beside the subject's home, never in it.

    What cannot be read there raises `NotCountedError`.
    """
    with scratch_beside(invocation.cwd, "counters-") as folder:
        try:
            yield folder
        except NotToldError as error:
            raise NotCountedError(str(error)) from error


def find_tool(name: str) -> str:
    """The tool's path, looked up by the harness; the subject's own PATH has no say.

    Raises `NotCountedError` with the remedy.
    """
    found = shutil.which(name)
    if found is None:
        raise NotCountedError(f"{name} is not installed (e.g. apt-get install {name})")
    return found
