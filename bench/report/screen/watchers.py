"""Progress of a session: live on a terminal, line by line in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.core.verdict import Interval
from bench.formats.text import change


class LineWatcher:
    """One line for each thing that has happened, on standard error."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    def phase(self, text: str) -> None:
        """Nothing: a phase passes."""

    def begin(self, name: str, position: int, total: int, budget_s: float) -> None:
        """Remember when the benchmark began."""
        self._began = time.monotonic()

    def progress(self, name: str, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Nothing: a log gets one line a benchmark."""

    def finish(self, name: str, rounds: int, estimate: Interval | None, reason: str) -> None:
        """Print how it ended."""
        took_s = time.monotonic() - self._began
        self.say(f"{name}: {_ending(rounds, estimate, reason)} [{took_s:.1f} s]")


class LiveWatcher:
    """A progress display that shows the running estimate and the time left at most."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            # Redrawing from a thread would run beside the measured processes.
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=1.0, state="")
        self._left_after_s = 0.0
        self._budget_s = 1.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a line above the display."""
        self._progress.console.print(text, highlight=False, markup=False)

    def phase(self, text: str) -> None:
        """Show what is being done."""
        self._progress.update(self._task, description=text, state="", refresh=True)

    def begin(self, name: str, position: int, total: int, budget_s: float) -> None:
        """Show the benchmark's name, its place, and an empty bar."""
        self._budget_s = budget_s
        self._left_after_s = (total - position) * budget_s
        self._progress.reset(
            self._task, description=f"{position}/{total} {name}", total=budget_s, state=""
        )

    def progress(self, name: str, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """Show the rounds, the estimate so far, and the time left at most."""
        left_s = self._left_after_s + max(self._budget_s - spent_s, 0)
        state = f"{rounds} rounds  {change(estimate)}  ≤ {_minutes(left_s)} left"
        self._progress.update(self._task, completed=spent_s, state=state, refresh=True)

    def finish(self, name: str, rounds: int, estimate: Interval | None, reason: str) -> None:
        """Print how it ended, above the display."""
        self.say(f"{name}: {_ending(rounds, estimate, reason)}")


def _ending(rounds: int, estimate: Interval | None, reason: str) -> str:
    return f"{change(estimate)} after {rounds} rounds, {reason}" if rounds else reason


def _minutes(duration_s: float) -> str:
    return f"{duration_s:.0f} s" if duration_s < 90 else f"{duration_s / 60:.0f} min"


def make_watcher() -> LineWatcher | LiveWatcher:
    """Live when standard error is a terminal, lines otherwise."""
    console = Console(stderr=True)
    return LiveWatcher(console) if console.is_terminal else LineWatcher()
