"""Markdown as GitHub renders it: escapes, tables with blank lines around, collapsed sections."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence

from bench.formats.tables import render

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
# A figure and its unit, the two ends of a range, and an arrow's two sides stay on one line.
_UNIT = re.compile(r"(?<=\d) (?=(?:[mµn]?s|[MG]iB|kB|MB|GB|M)\b)|(?<=[\d%]) (?=[…→])|(?<=[→…]) ")
_CODE = re.compile(r"`([^`]+)`")
_RANGE = re.compile(r"(?<=\d)–(?=\d)")


def plain(text: str) -> str:
    """Foreign text (a commit's subject, a program's message) that must appear as it is."""
    escaped = html.escape(_SPECIAL.sub(r"\\\1", " ".join(text.split())), quote=False)
    return re.sub(r"^([#+-])", r"\\\1", escaped)


def prose(text: str) -> str:
    """A sentence of ours with foreign parts: what stands in backticks stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(
        code(part) if number % 2 else _keeping_spaces(part) for number, part in enumerate(parts)
    )


def _keeping_spaces(text: str) -> str:
    start = " " if text[:1].isspace() else ""
    end = " " if text[-1:].isspace() and text.strip() else ""
    return f"{start}{plain(text)}{end}"


def code(text: str) -> str:
    """A code span that also survives in a table's cell; empty text stays empty."""
    inner = " ".join(text.split()).replace("|", "\\|")
    if not inner:
        return ""
    return f"`` {inner} ``" if "`" in inner else f"`{inner}`"


def link(words: str, target: str) -> str:
    """A link to a file beside the page."""
    return f"[{words}]({target.replace(' ', '%20').replace('(', '%28').replace(')', '%29')})"


def image(words: str, target: str) -> str:
    """A picture with a text for those who cannot see it."""
    return "!" + link(words, target)


def heading(level: int, words: str) -> str:
    """A heading."""
    return f"{'#' * level} {words}"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: bool | Collection[str] = True,
) -> str:
    """A table of cells that are Markdown already; all but the first column hold `numbers`.

    Or none, or those of these names: figures stand on the right.
    """
    kept = [[_unbroken(cell) for cell in row] for row in rows]
    if isinstance(numbers, bool):
        numbers = columns if numbers else ()
    align = ["right" if column in numbers else "left" for column in columns[1:]]
    return render(columns, kept, align=align)


def _unbroken(cell: str) -> str:
    """A cell whose figures are not torn apart where a column is narrow."""
    cell = _UNIT.sub("\N{NO-BREAK SPACE}", cell)
    return _RANGE.sub("–\N{WORD JOINER}", cell)


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def fenced(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```"


def collapsed(summary: str, *blocks: str) -> str:
    """A section that opens on a click. What stands in backticks in its summary becomes code."""
    summary = _CODE.sub(lambda found: f"<code>{html.escape(found[1], quote=False)}</code>", summary)
    return "\n\n".join((f"<details>\n<summary>{summary}</summary>", *blocks, "</details>"))


def document(blocks: Iterable[str]) -> str:
    """Blocks with a blank line between; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"
