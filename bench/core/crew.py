"""Work done at once in threads, which ends when the command is to end.

Signals reach the main thread alone. What waits in a worker (for a tool, a lock, a measured process)
therefore also waits for `stop_handle`, and raises `KeyboardInterrupt` when it is told to stop: so
that it is undone in the same way as in the main thread.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

_LOOK_EVERY_S = 0.2
_One = TypeVar("_One")
_Other = TypeVar("_Other")
_mine = threading.local()


def stop_handle() -> int | None:
    """A descriptor that can be read from once this worker is to stop; None in the main thread."""
    handle: int | None = getattr(_mine, "stop", None)
    return handle


def check_stop() -> None:
    """Raise `KeyboardInterrupt` in a worker that is to stop."""
    handle = stop_handle()
    if handle is not None and select.select([handle], [], [], 0)[0]:
        raise KeyboardInterrupt


@dataclass(eq=False, kw_only=True)
class Job:
    """Something to do. `do` hears the number of the worker; `error` is what it raised.

    `alone`: it needs the machine to itself. `cost_s` is about how long it takes, where known;
    `prefers` the worker that can do it best. `is_shared`: another worker waits for it. `over` is
    set once it is done.
    """

    do: Callable[[int], object]
    alone: bool = False
    cost_s: float = 0.0
    prefers: int | None = None
    is_shared: bool = False
    error: BaseException | None = field(default=None, init=False)
    over: threading.Event = field(default_factory=threading.Event, init=False)

    def run(self, worker: int) -> None:
        """Do it, and keep what it raises."""
        try:
            self.do(worker)
        except BaseException as error:  # noqa: BLE001 - told to whoever wants the job done
            self.error = error
        self.over.set()


class Crew:
    """Workers, numbered from 0; a context manager that lets them end, or stops them on an error.

    They live as long as the context: the kernel ends a sandbox with the thread that started it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._waiting: deque[Job] = deque()
        self._shared: deque[Job] = deque()  # of workers that would have others help them
        self._idle = 0
        self._changed = threading.Condition()
        self._done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._ending = False
        self._stop = os.pipe()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True)
            for number in range(size)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        with self._changed:
            self._ending = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for handle in self._stop:
            os.close(handle)

    def run(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Give jobs to free workers; yields each when it is over, in the caller's thread."""
        wanted = list(jobs)
        with self._changed:
            self._waiting.extend(wanted)
            self._changed.notify_all()
        return (self._next_done() for _ in wanted)

    def stop(self) -> None:
        """Interrupt what workers do; what waits for them ends with the context."""
        os.write(self._stop[1], b".")  # never read: all workers see it

    def do_all(self, steps: Iterable[Callable[[], object]]) -> None:
        """Do all of these; raises the first error when all are over."""
        made = [Job(do=lambda _worker, one=one: one()) for one in steps]  # type: ignore[misc]
        for _ in self.run(made):
            pass
        for one in made:
            if one.error is not None:
                raise one.error

    @property
    def idle(self) -> int:
        """How many workers have nothing to do at the moment."""
        return max(0, self._idle - len(self._shared))

    def share(self, worker: int, steps: Sequence[Callable[[int], _One]]) -> list[_One]:
        """The results of these, done at once by this worker and by those with nothing to do.

        What no other has begun by then this worker does itself. Raises the first error when all
        are over.
        """
        found: dict[int, _One] = {}
        jobs = [
            Job(do=_kept(step, found, number), is_shared=True) for number, step in enumerate(steps)
        ]
        with self._changed:
            self._shared.extend(jobs[1:])
            self._changed.notify_all()
        jobs[0].run(worker)
        for job in jobs[1:]:
            if self._taken_back(job):
                job.run(worker)
            while not job.over.wait(_LOOK_EVERY_S):
                check_stop()
        for job in jobs:
            if job.error is not None:
                raise job.error
        return [found[number] for number in range(len(jobs))]

    def _taken_back(self, job: Job) -> bool:
        """Whether nobody has begun it, and nobody else will."""
        with self._changed:
            if job not in self._shared:
                return False
            self._shared.remove(job)
            return True

    def _next_done(self) -> Job:
        """The next that is over; a worker of another crew that waits for it may be stopped."""
        nested = stop_handle() is not None
        while True:
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=_LOOK_EVERY_S if nested else None)
            check_stop()

    def _work(self, number: int) -> None:
        _mine.stop = self._stop[0]
        while (job := self._next(number)) is not None:
            job.run(number)
            if not job.is_shared:
                self._done.put(job)

    def _next(self, number: int) -> Job | None:
        """The first job that this worker can do best, else the first of all, else what others
        share.
        """
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._shared and not self._ending:
                self._changed.wait()
            self._idle -= 1
            if not self._waiting:
                return self._shared.popleft() if self._shared else None
            own = (one for one in self._waiting if one.prefers in (None, number))
            job = next(own, self._waiting[0])
            self._waiting.remove(job)
            return job


def _kept(
    step: Callable[[int], _One], found: dict[int, _One], number: int
) -> Callable[[int], None]:
    def do(worker: int) -> None:
        found[number] = step(worker)

    return do


def at_once(steps: Sequence[Callable[[], object]], size: int) -> None:
    """Do all of these in at most so many threads; raises the first error when all are over."""
    with Crew(min(size, len(steps))) as crew:
        crew.do_all(steps)


def both_at_once(one: Callable[[], _One], other: Callable[[], _Other]) -> tuple[_One, _Other]:
    """The results of two that wait for other processes; raises the first's error first."""
    found_one, found_other = list[_One](), list[_Other]()
    at_once([lambda: found_one.append(one()), lambda: found_other.append(other())], 2)
    return found_one[0], found_other[0]
