"""Rich's progress display: four tasks that advance, drawn every now and then.

One call makes a display, advances four tasks 400 times in all, and draws ten times. The clock is a
counter and nothing is drawn by a thread, so each call does the same; a program has a thread that
draws ten times a second. Output goes to memory. Rich's caches of styles and widths stay warm.
"""

from __future__ import annotations

import io
import itertools
import os
import re

import pyperf
from rich.console import Console
from rich.progress import Progress

TASKS = 4
STEPS = 100
DRAW_EVERY = 10
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def build_console() -> Console:
    """Return a console that neither asks nor believes the environment."""
    os.environ["TERM"] = "xterm-256color"  # of a dumb terminal Rich believes nothing else
    return Console(
        file=io.StringIO(),
        width=100,
        height=30,
        force_terminal=True,
        force_interactive=True,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )


def run(console: Console) -> str:
    """Do what is timed: a whole display, from start to stop."""
    console.file = io.StringIO()
    ticks = itertools.count()
    progress = Progress(
        console=console,
        auto_refresh=False,
        get_time=lambda: next(ticks) / 50,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with progress:
        tasks = [progress.add_task(f"[cyan]task {n}", total=STEPS) for n in range(TASKS)]
        for step in range(1, STEPS + 1):
            for task in tasks:
                progress.advance(task)
            if step % DRAW_EVERY == 0:
                progress.refresh()
    return console.file.getvalue()


def check(text: str) -> None:
    """Refuse to time a display that does not show what has been done."""
    plain = ESCAPE.sub("", text)
    for percent in range(DRAW_EVERY, STEPS, DRAW_EVERY):
        if plain.count(f" {percent}%") != TASKS:
            msg = f"{percent}% is shown {plain.count(f' {percent}%')} times, expected {TASKS}"
            raise RuntimeError(msg)
    if plain.count("100%") < TASKS or "task 3" not in plain or "━" not in plain:
        raise RuntimeError("the finished display is incomplete")


def main() -> None:
    """Check, then time."""
    console = build_console()
    check(run(console))
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: {TASKS * STEPS} updates of a progress display"
    runner.bench_func("rich_progress", run, console)


if __name__ == "__main__":
    main()
