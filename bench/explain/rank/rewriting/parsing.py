"""A file's text to LibCST and back, exactly."""

from __future__ import annotations

import re

import libcst as cst

from bench.explain.rank.rewriting.wanted import RewriteError
from bench.explain.rank.sources import BOM, ModuleSource

# LibCST loses a form feed in front of a statement; a comment in its place it keeps.
_FEED = re.compile(r"^\f", re.MULTILINE)
_STANDS_FOR_FEED = "#\f(form feed)\f"


def parsed(source: ModuleSource) -> cst.Module:
    """The module; raises `RewriteError` where it would not come back as it was."""
    text = source.text.removeprefix(BOM)
    if _FEED.search(text):
        text = _FEED.sub(lambda _: _STANDS_FOR_FEED + source.newline, text)
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise RewriteError(f"{source.module} can't be parsed: {error}") from error
    if module.code != text:
        raise RewriteError(f"{source.module} has ends of lines of several kinds, or the like.")
    return module


def text_of(source: ModuleSource, module: cst.Module) -> str:
    """The text of an edited module."""
    text = module.code.replace(_STANDS_FOR_FEED + source.newline, "\f")
    return BOM + text if source.text.startswith(BOM) else text
