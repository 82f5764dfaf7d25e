"""Pages of the write-up, read as a test wants them."""

from __future__ import annotations

import re

from bench.core.workspace import Workspace


def unglued(text: str) -> str:
    """A page with plain spaces where figures and units are kept together."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")


def cells(page: str, first: str, nth: int = 0) -> list[str]:
    """The nth table row that begins with a cell."""
    rows = [line for line in page.splitlines() if line.startswith(f"| {first} ")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", rows[nth])[1:-1]]


def section(page: str, words: str) -> str:
    """A section by its heading, until the next heading of any level."""
    _, _, rest = page.partition(f"# {words}\n")
    assert rest, words
    return re.split(r"\n#+ ", rest)[0]


def page_of(workspace: Workspace, pair: str = "1.0..2.0", name: str = "README") -> str:
    file = workspace.results / "sample" / pair / f"{name}.md"
    return unglued(file.read_text(encoding="utf-8"))


def index_of(workspace: Workspace) -> str:
    """All tables; the first screen where there is nothing else."""
    files = (workspace.results / "all.md", workspace.results / "README.md")
    return unglued(next(one for one in files if one.exists()).read_text(encoding="utf-8"))
