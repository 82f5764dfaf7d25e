"""Who may run on the machine now: processes that share it, each on its core, or one by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench.core.crew import check_stop

_LOOK_EVERY_S = 0.5


class Turns:
    """Hands the machine to lanes: to all that are pinned at once, or to one alone.

    Who wants it alone comes next: it waits for those that run, and nothing starts before it.
    `used_s` are the CPU seconds of all processes that were measured.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharing = 0
        self._alone = False
        self._want_it_alone = 0
        self.used_s = 0.0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Run beside others, on a core that nobody else has."""
        with self._changed:
            while self._alone or self._want_it_alone:
                self._wait()
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run while nothing else does."""
        with self._changed:
            self._want_it_alone += 1
            try:
                while self._alone or self._sharing:
                    self._wait()
            finally:
                self._want_it_alone -= 1
                self._changed.notify_all()
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    def count(self, cpu_s: float) -> None:
        """Take note of what a measured process has used."""
        with self._changed:
            self.used_s += cpu_s

    def _wait(self) -> None:
        self._changed.wait(_LOOK_EVERY_S)
        check_stop()
