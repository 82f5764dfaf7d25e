"""Rich rendering a traceback: reading frames, highlighting their source, drawing the panel.

One call turns an exception with eight frames, all of them in this file, into a traceback and prints
it to a console of fixed width that writes to memory. Source lines and Pygments' lexer stay cached
between calls; a program that crashes pays for them once more.
"""

from __future__ import annotations

import io
import re

import pyperf
from rich.console import Console
from rich.traceback import Traceback

WIDTH = 100
DEPTH = 4
FRAMES = 2 * DEPTH
MESSAGE = "no route from hub to island"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def find_route(depth: int, names: list[str]) -> list[str]:
    """Call the next function, until it fails."""
    longest = max(names, key=len)
    return ask_neighbour(depth - 1, [*names, longest.upper()])


def ask_neighbour(depth: int, names: list[str]) -> list[str]:
    """Fail at last."""
    if depth <= 0:
        raise LookupError(MESSAGE)
    return find_route(depth, [name for name in names if name])


def build_error() -> LookupError:
    """Return an exception that has been raised."""
    try:
        find_route(DEPTH, ["hub", "harbour"])
    except LookupError as error:
        # Without the frame of this function, whose line would be the only one that differs.
        return error.with_traceback(error.__traceback__.tb_next)
    raise RuntimeError("nothing was raised")


def build_console() -> Console:
    """Return a console that neither asks nor believes the environment."""
    return Console(
        file=io.StringIO(),
        width=WIDTH,
        height=60,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )


def render(console: Console, error: LookupError) -> str:
    """Do what is timed."""
    console.file = io.StringIO()
    console.print(Traceback.from_exception(LookupError, error, error.__traceback__, width=WIDTH))
    return console.file.getvalue()


def check(text: str) -> None:
    """Refuse to time a traceback without its frames, its source or its message."""
    plain = ESCAPE.sub("", text)
    found = (
        len(re.findall(r"in (?:find_route|ask_neighbour)\b", plain)),
        plain.count("❱"),
        plain.count(f"LookupError: {MESSAGE}"),
    )
    if found != (FRAMES, FRAMES, 1) or "longest.upper()" not in plain:
        msg = f"frames, marked lines and messages: {found}, expected {(FRAMES, FRAMES, 1)}"
        raise RuntimeError(msg)
    if text.count("\x1b[") < 20 * FRAMES:
        raise RuntimeError("source is not highlighted")


def main() -> None:
    """Check, then time."""
    console, error = build_console(), build_error()
    check(render(console, error))
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: render a traceback of {FRAMES} frames"
    runner.bench_func("rich_traceback", render, console, error)


if __name__ == "__main__":
    main()
