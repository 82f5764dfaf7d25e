"""The lanes of a session: one thread each, which live from its first process to its last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

from bench.core.crew import Crew, Job
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.machine.pinning import find_slice
from bench.engine.session.preparation import lane_count


class Lanes(Crew):
    """Does jobs on all lanes at once, and those that need the whole machine when none is busy."""

    @classmethod
    def of_machine(cls, wanted: int) -> Self:
        """As many as wanted, at most one for each core that is measured on (0: all)."""
        return cls(lane_count(wanted, measuring_cpus(describe_machine(), find_slice())))

    def run(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Yields each job when it is over, in this thread: longest first, the lone ones last."""
        wanted = list(jobs)
        together = [one for one in wanted if not one.alone]
        yield from super().run(sorted(together, key=lambda one: -one.cost_s))
        for one in wanted:
            if one.alone:
                one.run(0)  # in this thread, which no lane's work goes on beside
                yield one
