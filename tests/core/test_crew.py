"""Threads that work at once, and end when the command is to end."""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

import pytest

from bench.core.crew import Crew, Job, at_once, check_stop
from bench.core.process import run_tool


def test_jobs_run_at_once_and_each_is_told_of() -> None:
    meet = threading.Barrier(3)
    seen: list[int] = []

    def do(worker: int) -> None:
        meet.wait(timeout=30)  # passes only when three are here together
        seen.append(worker)

    with Crew(3) as crew:
        jobs = [Job(do=do) for _ in range(3)]
        assert set(crew.run(jobs)) == set(jobs)
    assert sorted(seen) == [0, 1, 2]
    assert [one.error for one in jobs] == [None] * 3


def test_an_error_is_kept_with_its_job_and_the_others_go_on() -> None:
    def fail(_worker: int) -> None:
        raise ValueError("wrong")

    with Crew(1) as crew:
        one, two = Job(do=fail), Job(do=lambda _worker: None)
        assert list(crew.run([one, two])) == [one, two]
    assert isinstance(one.error, ValueError)
    assert two.error is None
    with pytest.raises(ValueError, match="wrong"):
        at_once([lambda: fail(0), lambda: None], size=2)


def test_workers_take_what_they_can_do_best_and_then_anything() -> None:
    first = threading.Event()
    taken: dict[str, int] = {}

    def do(name: str, worker: int) -> None:
        taken[name] = worker
        if name == "long":
            first.wait(timeout=30)
        if len(taken) == 4:
            first.set()

    with Crew(2) as crew:
        jobs = [
            Job(do=lambda worker, name=name: do(name, worker), prefers=prefers)  # type: ignore[misc]
            for name, prefers in (("long", None), ("own", None), ("zero", 0), ("one", 1))
        ]
        list(crew.run(jobs))
    other = 1 - taken["long"]
    assert {taken[name] for name in ("own", "zero", "one")} == {other}, "the idle one takes all"


@pytest.mark.parametrize("waits", ["tool", "check"])
def test_an_interruption_ends_what_workers_wait_for(waits: str) -> None:
    begun, ended = threading.Event(), threading.Event()

    def do(_worker: int) -> None:
        begun.set()
        try:
            if waits == "tool":
                run_tool([sys.executable, "-c", "import time; time.sleep(600)"])
            while True:
                time.sleep(0.01)
                check_stop()
        finally:
            ended.set()

    job = Job(do=do)

    def work_and_interrupt() -> None:
        with Crew(1) as crew:
            running = crew.run([job])
            threading.Thread(target=lambda: next(running)).start()
            assert begun.wait(timeout=60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_and_interrupt()
    assert ended.is_set()
    assert isinstance(job.error, KeyboardInterrupt)


def test_what_is_shared_is_done_by_those_with_nothing_to_do_and_else_by_oneself() -> None:
    meet = threading.Barrier(2)

    def step(number: int, worker: int) -> tuple[int, int]:
        meet.wait(timeout=30)  # passes only when two workers are here together
        return number, worker

    found: list[list[tuple[int, int]]] = []
    with Crew(2) as crew:
        both = [partial(step, 0), partial(step, 1)]
        list(crew.run([Job(do=lambda worker: found.append(crew.share(worker, both)))]))
        assert [number for number, _ in found[0]] == [0, 1]
        assert {worker for _, worker in found[0]} == {0, 1}
    with Crew(1) as crew:
        alone = [lambda worker: worker, lambda worker: worker + 10]
        kept: list[list[int]] = []
        list(crew.run([Job(do=lambda worker: kept.append(crew.share(worker, alone)))]))
        assert kept == [[0, 10]]
        assert crew.idle <= 1


def test_an_error_in_what_is_shared_is_raised_when_all_are_over() -> None:
    over: list[int] = []

    def fail(_worker: int) -> None:
        raise ValueError("wrong")

    with Crew(2) as crew:
        job = Job(do=lambda worker: crew.share(worker, [fail, lambda _worker: over.append(1)]))
        list(crew.run([job]))
    assert isinstance(job.error, ValueError)
    assert over == [1]
