"""Rich's ``Text``: splitting a styled document into lines, and wrapping it to a width.

One call splits a text of 40 paragraphs at its line breaks and wraps each paragraph to 60 cells. The
text has three styles a paragraph and some double-width characters. Rich's cache of cell widths
stays warm between calls, as it does in a program that prints more than once.
"""

from __future__ import annotations

import io

import pyperf
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

WIDTH = 60
PARAGRAPHS = 40
WORDS = (
    "terminal", "renders", "styled", "text", "across", "many", "lines", "日本語", "and", "a",
    "width", "of", "sixty", "cells", "wrapping", "at", "spaces", "—", "carefully", "encyclopaedic",
)  # fmt: skip


def build_text() -> Text:
    """Return the document."""
    text = Text()
    for number in range(PARAGRAPHS):
        words = [WORDS[(number * 7 + place * 3) % len(WORDS)] for place in range(30)]
        start = len(text)
        text.append(" ".join(words) + "\n")
        text.stylize("bold", start, start + 40)
        text.stylize("#80c0ff on #101018", start + 20, start + 90)
        text.stylize("italic", start + 60, start + 120)
    text.rstrip()
    return text


def split_and_wrap(text: Text, console: Console) -> list[list[Text]]:
    """Do what is timed."""
    return [list(line.wrap(console, WIDTH)) for line in text.split("\n")]


def check(paragraphs: list[list[Text]], text: Text) -> None:
    """Refuse to time a wrap that loses words or styles, or is too wide."""
    if len(paragraphs) != PARAGRAPHS:
        msg = f"{len(paragraphs)} paragraphs, expected {PARAGRAPHS}"
        raise RuntimeError(msg)
    lines = [line for paragraph in paragraphs for line in paragraph]
    if " ".join(line.plain for line in lines).split() != text.plain.split():
        raise RuntimeError("words are lost")
    if max(cell_len(line.plain) for line in lines) > WIDTH:
        raise RuntimeError("a line is too wide")
    styled = sum(len(paragraph[0].spans) for paragraph in paragraphs)
    if styled < 2 * PARAGRAPHS:
        msg = f"first lines have {styled} styles, expected {2 * PARAGRAPHS} or more"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    text = build_text()
    console = Console(file=io.StringIO(), width=WIDTH, height=60, legacy_windows=False)
    check(split_and_wrap(text, console), text)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: split and wrap {PARAGRAPHS} paragraphs of styled text"
    runner.bench_func("rich_text", split_and_wrap, text, console)


if __name__ == "__main__":
    main()
