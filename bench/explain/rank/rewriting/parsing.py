"""A file's text to LibCST and back, exactly."""

from __future__ import annotations

import re
from functools import lru_cache

import libcst as cst

from bench.explain.rank.rewriting.wanted import RewriteError
from bench.explain.rank.sources import BOM, ModuleSource

# LibCST loses a form feed in front of a statement; a comment in its place it keeps.
_FEED = re.compile(r"^\f", re.MULTILINE)
_STANDS_FOR_FEED = "#\f(form feed)\f"


def parsed(source: ModuleSource) -> cst.Module:
    """The module; raises `RewriteError` where it would not come back as it was."""
    try:
        return _parsed(source.text.removeprefix(BOM), source.newline)
    except cst.ParserSyntaxError as error:
        raise RewriteError(f"{source.module} can't be parsed: {error}") from error
    except ValueError as error:
        raise RewriteError(f"{source.module} {error}.") from error


@lru_cache(maxsize=200)  # of one module many sets of names are tried
def _parsed(text: str, newline: str) -> cst.Module:
    text = _FEED.sub(lambda _: _STANDS_FOR_FEED + newline, text)
    module = cst.parse_module(text)
    if module.code != text:
        raise ValueError("has ends of lines of several kinds, or the like")
    return module


def text_of(source: ModuleSource, module: cst.Module) -> str:
    """The text of an edited module."""
    text = module.code.replace(_STANDS_FOR_FEED + source.newline, "\f")
    return BOM + text if source.text.startswith(BOM) else text
