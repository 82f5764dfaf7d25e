"""Links and files that the documents name exist, and the README stays short."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest
from support.documents import ROOT, Document, documents, files_in_git, folders_in_git

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE = re.compile(
    r"(bench|tests|docs|infra|ansible|results|data|profiles|prior-art)/[\w./-]*\w\.\w+"
)


def anchors(name: str) -> set[str]:
    """As GitHub makes them: lower case, spaces to hyphens, no punctuation."""
    titles = _HEADING.findall(Document(name).prose)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(document: Document, link: str) -> bool:
    path, _, anchor = link.partition("#")
    folder = posixpath.dirname(document.name)
    name = posixpath.normpath(posixpath.join(folder, path)) if path else document.name
    if anchor:
        return name not in files_in_git() or anchor not in anchors(name)
    return name not in files_in_git() | folders_in_git()


@pytest.mark.parametrize("document", documents(), ids=lambda one: one.name)
def test_links_lead_somewhere(document: Document) -> None:
    links = [link for link in _LINK.findall(document.prose) if "://" not in link]
    assert [link for link in links if broken(document, link)] == []


@pytest.mark.parametrize("document", documents(), ids=lambda one: one.name)
def test_files_that_are_named_are_in_the_repository(document: Document) -> None:
    named = {found[0] for code in document.code() if (found := _FILE.fullmatch(code))}
    assert named - files_in_git() == set()


def test_readme_is_short() -> None:
    assert len(Document("README.md").text.splitlines()) <= 90


def test_index_of_docs_names_each_page() -> None:
    pages = {one.name for one in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(_LINK.findall(Document("docs/README.md").text))


def test_recipes_are_documented() -> None:
    files = [
        *(ROOT / "bench/explain/optimize/recipes").glob("*.py"),
        *(ROOT / "bench/targets").glob("*_recipes/*.py"),
    ]
    names = [re.search(r'^    name = "([\w-]+)"$', one.read_text(), re.MULTILINE) for one in files]
    wanted = {found[1] for found in names if found}
    rows = re.findall(r"^\| `([\w-]+)` \|", Document("docs/optimize.md").text, re.MULTILINE)
    assert wanted <= set(rows)


def test_map_names_every_sub_package() -> None:
    tree = Document("CONTRIBUTING.md").text.partition("## The map\n```")[2].partition("```")[0]
    packages = {Path(name).parent for name in files_in_git() if name.endswith("__init__.py")}
    wanted = {one.name for one in packages if one.parts[0] == "bench" and len(one.parts) in {2, 3}}
    wanted -= {"suitekit"}
    assert {one for one in wanted if not re.search(rf"\b{one}\b", tree)} == set()
