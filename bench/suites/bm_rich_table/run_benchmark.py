"""Rich building and rendering one styled table, the most common use of the library.

One call builds a table of 40 rows by 5 columns, with markup and styles, and prints it to a
console of fixed width that writes to memory. Nothing comes from the terminal or the environment.
Rich's own caches stay warm between calls, as they do in a program that prints more than once.
"""

from __future__ import annotations

import io
import re

import pyperf
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

WIDTH = 100
HEIGHT = 60
ROWS = 40
LINES = 1 + ROWS + 6
"""Title, header, rows and footer, and four borders; no cell is wide enough to wrap."""

STATES = (
    "[bold green]done[/]",
    "[yellow]waiting[/yellow]",
    "[b red on #201010]failed[/]",
    "[dim]skipped[/dim]",
)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

Row = tuple[str, str, str, str, str]


def build_rows() -> list[Row]:
    """Return the cells, with markup in three of the five columns."""
    return [
        (
            f"{n:03d}",
            f"package-{n * 7 % 41} [u]v{n}[/u]",
            STATES[n % len(STATES)],
            f"[#{n * 5 % 256:02x}80c0]{n * 37 % 1000 / 10:.1f} %[/]",
            f"{n * 12345 % 99991:,}",
        )
        for n in range(ROWS)
    ]


def build_console() -> Console:
    """Return a console that neither asks nor believes the environment."""
    return Console(
        file=io.StringIO(),
        width=WIDTH,
        height=HEIGHT,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
        emoji=False,
    )


def build_table(rows: list[Row]) -> Table:
    """Return the table that is rendered."""
    table = Table(title="Packages", box=ROUNDED, row_styles=["", "on #101018"], show_footer=True)
    table.add_column("No.", style="dim", justify="right")
    table.add_column("Package", "total", style="cyan", no_wrap=True, min_width=24)
    table.add_column("[bold]State[/bold]", justify="center")
    table.add_column("Share", justify="right", style="italic")
    table.add_column("Bytes", "[b]42[/b]", justify="right", style="magenta")
    for row in rows:
        table.add_row(*row)
    return table


def render(console: Console, rows: list[Row]) -> str:
    """Do what is timed: build, print, and take the text out of memory again."""
    console.file = io.StringIO()
    console.print(build_table(rows))
    return console.file.getvalue()


def check(text: str, rows: list[Row]) -> None:
    """Refuse to time a table that is not the table asked for."""
    lines = ESCAPE.sub("", text).splitlines()
    if len(lines) != LINES:
        msg = f"{len(lines)} lines, expected {LINES}"
        raise RuntimeError(msg)
    if len({len(line) for line in lines[1:]}) != 1:
        msg = "the table's lines differ in width"
        raise RuntimeError(msg)
    for row, line in zip(rows, lines[4:], strict=False):
        plain = [re.sub(r"\[[^\]]*\]", "", cell) for cell in row]
        shown = [cell.strip() for cell in line.strip("│").split("│")]
        if shown != plain:
            msg = f"row {shown} is not {plain}"
            raise RuntimeError(msg)
    if "38;2;0;128;192" not in text:
        msg = "true colours are missing"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    rows = build_rows()
    console = build_console()
    check(render(console, rows), rows)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: build and render a table of {ROWS} rows"
    runner.bench_func("rich_table", render, console, rows)


if __name__ == "__main__":
    main()
