"""Progress of a session: live on a terminal, line by line in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.text import Text

from bench.core.result import Result
from bench.core.secrets import without_secrets
from bench.core.verdict import Interval
from bench.engine.session.watcher import Course
from bench.formats.text import magnitude
from bench.report.screen.lines import WIDTH, result_line

_DRAW_EVERY_S = 0.1


class LineWatcher:
    """One line for each thing that has happened, on standard error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """Print the line, at once: lanes do not cut into each other's."""
        sys.stderr.write(f"{without_secrets(text)}\n")
        sys.stderr.flush()

    def phase(self, text: str) -> None:
        """Nothing: a phase passes."""

    def aside(self) -> AbstractContextManager[None]:
        """Nothing is in the way of what is printed elsewhere."""
        return nullcontext()

    def begin(self, course: Course) -> None:
        """Nothing: a log gets one line a benchmark."""

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Nothing, likewise."""

    def decided(self, result: Result) -> None:
        """Print the result's line."""
        self.say(str(result_line(result)))

    def on_lane(self, _number: int) -> LineWatcher:
        """A log has no lanes."""
        return self


class LiveWatcher:
    """Lines at the bottom: what is done now, or on each lane the running estimate and time left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("  … {task.description}", markup=False),
            console=console,
            transient=True,
            # Redrawing from a thread would run beside the measured processes.
            auto_refresh=False,
        )
        self._main = _Line(self, self._progress)
        self._lanes: dict[int, _Line] = {}
        self._lock = threading.RLock()
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a line above the display."""
        self._print(without_secrets(text), highlight=False, markup=False)

    def phase(self, text: str) -> None:
        """Show what is being done."""
        self._main.phase(text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The display is gone while something else is printed on the terminal."""
        with self._lock:
            self._progress.stop()
            try:
                yield
            finally:
                self._progress.start()

    def begin(self, course: Course) -> None:
        """Show the benchmark's place and name."""
        self._main.begin(course)

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Show the rounds, the estimate so far, and the time left at most."""
        self._main.progress(rounds, estimate, spent_s)

    def decided(self, result: Result) -> None:
        """Print the result's line above the display."""
        self._print(result_line(result), soft_wrap=True)

    def on_lane(self, number: int) -> _Line:
        """The line of a lane."""
        with self._lock:
            if number not in self._lanes:
                self._main.phase("")
                self._lanes[number] = _Line(self, self._progress)
            return self._lanes[number]

    def draw(self, *, at_once: bool) -> None:
        """Show the lines as they are now; unless `at_once`, not if that was done a moment ago."""
        with self._lock:
            if at_once or time.monotonic() - self._drawn >= _DRAW_EVERY_S:
                self._progress.refresh()
                self._drawn = time.monotonic()

    def _print(self, text: str | Text, **how: bool) -> None:
        with self._lock:
            self._progress.console.print(text, **how)  # type: ignore[arg-type]


class _Line:
    """One line at the bottom; it is gone while there is nothing to show."""

    def __init__(self, watcher: LiveWatcher, progress: Progress) -> None:
        self._watcher = watcher
        self._progress = progress
        self._task = progress.add_task("", visible=False)
        self._course = Course(name="", position=0, total=0, budget_s=0.0)

    def say(self, text: str) -> None:
        """Print a line above the display."""
        self._watcher.say(text)

    def phase(self, text: str) -> None:
        """Show what is being done."""
        self._show(text, at_once=True)

    def begin(self, course: Course) -> None:
        """Show the benchmark's place and name."""
        self._course = course
        self.phase(_place(course))

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Show the rounds, the estimate so far, and the time left at most."""
        line = progress_line(self._course, rounds, estimate, spent_s)
        self._show(line, at_once=False)

    def _show(self, text: str, *, at_once: bool) -> None:
        self._progress.update(self._task, description=text[: WIDTH - 4], visible=bool(text))
        self._watcher.draw(at_once=at_once)

    def decided(self, result: Result) -> None:
        """Print the result's line above the display."""
        self._watcher.decided(result)

    def on_lane(self, _number: int) -> _Line:
        """It is one."""
        return self


def progress_line(course: Course, rounds: int, estimate: Interval | None, spent_s: float) -> str:
    """`5/10 import-table  15 rounds, +9.7% so far, at most 3 min left`."""
    if course.planned:
        left_s = spent_s / max(rounds, 1) * (course.planned - rounds)
        taken, left = f"{rounds} of {course.planned} rounds", f"about {_minutes(left_s)} left"
    else:
        left_s = course.later_s + max(course.budget_s - spent_s, 0)
        taken = f"{rounds} rounds" if rounds else "first rounds"
        left = f"at most {_minutes(left_s)} left"
    so_far = f"{magnitude(estimate.ratio)} so far, " if estimate else ""
    return f"{_place(course)}  {taken}, {so_far}{left}"


def _place(course: Course) -> str:
    return f"{course.position}/{course.total} {course.name}"


def _minutes(duration_s: float) -> str:
    return f"{duration_s:.0f} s" if duration_s < 90 else f"{duration_s / 60:.0f} min"


ScreenWatcher = LineWatcher | LiveWatcher


def make_watcher() -> ScreenWatcher:
    """Live when standard error is a terminal, lines otherwise."""
    console = Console(stderr=True)
    return LiveWatcher(console) if console.is_terminal else LineWatcher()
