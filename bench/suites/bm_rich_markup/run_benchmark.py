"""Rich's console markup: from ``[bold]text[/bold]`` to styled text.

One call renders 120 strings with nested and overlapping tags, colours, links, escaped brackets and
brackets that are no tags. Emoji codes have a benchmark of their own. Rich compiles its pattern
once; nothing else is cached.
"""

from __future__ import annotations

import pyperf
from rich.markup import render

STRINGS = 120
PLAIN = "note {0}: see the manual, list[int] costs [not a tag 3 < 4 and done {0}"
SPANS = 6


def build_strings() -> list[str]:
    """Return markup, of which only the number differs."""
    return [
        f"[bold]note {n}:[/bold] [link=https://example.org/{n}]see [i]the [u]manual[/u][/i][/link],"
        f" list\\[int] [#80{n:02x}ff on #101018]costs[/] \\[not a tag 3 < 4 [dim]and done {n}[/dim]"
        for n in range(STRINGS)
    ]


def render_all(strings: list[str]) -> list[object]:
    """Do what is timed."""
    return [render(text, emoji=False) for text in strings]


def check(texts: list[object]) -> None:
    """Refuse to time markup that loses text or tags."""
    for number, text in enumerate(texts):
        if text.plain != PLAIN.format(number):
            msg = f"string {number} became {text.plain!r}"
            raise RuntimeError(msg)
        styles = {str(span.style) for span in text.spans}
        expected = {"bold", "italic", "underline", "dim", f"link https://example.org/{number}"}
        if len(text.spans) != SPANS or not styles > expected:
            msg = f"string {number} has the styles {sorted(styles)}"
            raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    strings = build_strings()
    check(render_all(strings))
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: render {STRINGS} strings of markup"
    runner.bench_func("rich_markup", render_all, strings)


if __name__ == "__main__":
    main()
