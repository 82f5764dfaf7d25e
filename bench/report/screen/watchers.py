"""Progress of a session: live on a terminal, line by line in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, TextColumn

from bench.core.result import Result
from bench.core.secrets import without_secrets
from bench.core.verdict import Interval
from bench.engine.session.watcher import Course
from bench.formats.text import magnitude
from bench.report.screen.lines import WIDTH, result_line


class LineWatcher:
    """One line for each thing that has happened, on standard error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """Print the line."""
        print(without_secrets(text), file=sys.stderr, flush=True)

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


class LiveWatcher:
    """A line at the bottom that shows the running estimate and the time left at most."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("  … {task.description}", markup=False),
            console=console,
            transient=True,
            # Redrawing from a thread would run beside the measured processes.
            auto_refresh=False,
        )
        self._task = self._progress.add_task("")
        self._course = Course(name="", position=0, total=0, budget_s=0.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a line above the display."""
        self._progress.console.print(without_secrets(text), highlight=False, markup=False)

    def phase(self, text: str) -> None:
        """Show what is being done."""
        self._progress.update(self._task, description=text[: WIDTH - 4], refresh=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The display is gone while something else is printed on the terminal."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def begin(self, course: Course) -> None:
        """Show the benchmark's place and name."""
        self._course = course
        self.phase(_place(course))

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Show the rounds, the estimate so far, and the time left at most."""
        self.phase(progress_line(self._course, rounds, estimate, spent_s))

    def decided(self, result: Result) -> None:
        """Print the result's line above the display."""
        self._progress.console.print(result_line(result), soft_wrap=True)


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
