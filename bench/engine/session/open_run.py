"""A run that is not closed yet, and what is done in it besides taking rounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from bench.core.crew import Job
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.measure.invocations import Subject
from bench.engine.measure.network import Network
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.engine.session.plan import Plan
from bench.engine.session.proof import PairProof
from bench.engine.store.run import Journal, Run


@dataclass(frozen=True, kw_only=True)
class Station:
    """Where processes are measured: what starts them, with folders of their own for both sides.

    `warm` are the benchmarks that have run there: what they set up in HOME is there.
    """

    taker: RoundTaker
    base: Subject
    head: Subject
    warm: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class OpenRun:
    """A run with everything that rounds are taken with.

    `run` is what was there when it was opened; `lanes` are places with a core of their own each,
    `whole` is one with all of the machine, to be used while no lane is busy. `ready` are the
    benchmarks that work, as processes of each lane: known once they are measured.
    """

    plan: Plan
    interpreter: Interpreter
    environments: Environments
    proof: PairProof
    run: Run
    journal: Journal
    network: Network
    whole: Station
    lanes: tuple[Station, ...]
    ready: tuple[tuple[Sides, ...], ...] = ()

    def read(self) -> Run:
        """The run as far as it is on disk; raises `UnprovenError` if others wrote there."""
        return self.journal.read()


class RunStep(Protocol):
    """Something done in a run before its rounds or after them, given from above.

    A run is closed only when all its steps are done. A session that goes on with a run calls each
    of them again: a step leaves out what the run has already.
    """

    def __call__(self, now: OpenRun) -> Iterable[Job] | None:
        """Do what is still to be done, or return it as jobs for lanes; raises `BenchError`."""
