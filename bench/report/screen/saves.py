"""What `run --watch` shows of each save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text

from bench.core.result import Result
from bench.core.revision import Revision
from bench.core.verdict import Interval
from bench.engine.session.watcher import Course, Watcher
from bench.engine.statistics.steps import change_between
from bench.report.screen.lines import WIDTH, result_line, short_change


@dataclass(frozen=True)
class SaveWatcher:
    """Hears of a session as `inner` does, but for verdicts, which `tell` hears."""

    inner: Watcher
    tell: Callable[[Result], None]

    def say(self, text: str) -> None:
        """As `inner`."""
        self.inner.say(text)

    def phase(self, text: str) -> None:
        """As `inner`."""
        self.inner.phase(text)

    def begin(self, course: Course) -> None:
        """As `inner`."""
        self.inner.begin(course)

    def progress(self, rounds: int, estimate: Interval | None, spent_s: float) -> None:
        """As `inner`."""
        self.inner.progress(rounds, estimate, spent_s)

    def decided(self, result: Result) -> None:
        """Tell of it."""
        self.tell(result)

    def on_lane(self, number: int) -> SaveWatcher:
        """The same for a lane."""
        return SaveWatcher(self.inner.on_lane(number), self.tell)


def save_heading(revision: Revision, at: str) -> str:
    """`14:31:02  HEAD + 1 file: src/click/core.py`."""
    line = f"{at}  {revision.name}: {revision.subject}"
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def save_line(result: Result, last: Result | None) -> Text:
    """A result as everywhere, and what has changed since the last save, below if need be."""
    line, since = result_line(result), since_last(result, last)
    if not since:
        return line
    if len(line) + 2 + len(since) > WIDTH:
        return Text.assemble(line, "\n      ", (since, "dim"))
    return Text.assemble(line, "  ", (since, "dim"))


def since_last(result: Result, last: Result | None) -> str:
    """What has changed since then, with its interval; "" where there is nothing to compare."""
    if last is None or result.size is None or last.size is None:
        return ""
    if result.size.metric is not last.size.metric:
        return ""
    change = change_between(last.size.interval, result.size.interval)
    return f"against the last save {short_change(change)}"
