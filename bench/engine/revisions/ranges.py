"""The grammar of ranges: `base..head`, `base...head`, `revision`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from bench.core.errors import UsageError
from bench.core.revision import Pair, Source

# `2.1`, `v0.20.6`, `1!1.0`; a single number is one too, unless it is long enough for a hash.
_VERSION = re.compile(r"v?(\d+!)?(\d+(\.\d+)+|\d{1,4}(?![\w.]))")
# As git writes names: no white space but in a date or a message, `HEAD@{1 day ago}`, `@^{/a fix}`.
_NAME = r"(?:[@^]\{[^{}]*\}|[^\s])"


@dataclass(frozen=True)
class RevisionName:
    """A revision as typed; `source` is set when a prefix (`git:`, `pypi:`) forces it.

    Without a text it is what stands in the work tree: the open right side of `base..`.
    """

    text: str
    source: Source | None = None

    @property
    def is_tree(self) -> bool:
        """Whether the work tree is meant, and no commit."""
        return not self.text

    @property
    def version(self) -> Version | None:
        """The version this looks like (`15.0.0`, `v0.20.6`, `2`); None for anything else."""
        if not _VERSION.match(self.text):
            return None
        try:
            return Version(self.text)
        except InvalidVersion:
            return None


@dataclass(frozen=True)
class RangeSpec:
    """A parsed range; `base` is None for a single revision (compared with what came before it)."""

    base: RevisionName | None
    head: RevisionName
    merge_base: bool = False


def parse_range(text: str) -> RangeSpec:
    """Split a range into its names.

    An open left side means HEAD, as in git; an open right side the work tree (`is_tree`), which is
    HEAD where nothing is changed. Raises `UsageError` for text that is no range.
    """
    text = text.strip()
    match = re.fullmatch(rf"(?P<base>{_NAME}*?)(?P<dots>\.{{2,}})(?P<head>{_NAME}*)", text)
    if not match:
        if not re.fullmatch(rf"{_NAME}+", text):
            raise _no_range(text)
        return RangeSpec(None, _name(text))
    base, dots, head = match.group("base", "dots", "head")
    if len(dots) > 3 or not (base or head) or ".." in head:
        raise _no_range(text)
    return RangeSpec(_name(base or "HEAD"), _name(head), merge_base=dots == "...")


def is_range(text: str, pair: Pair) -> bool:
    """Whether a pair is what a range with two ends means: by version, tag, or digits of a hash."""
    spec = parse_range(text)
    if spec.base is None:
        return False
    return pair.base.is_called(spec.base.text) and pair.head.is_called(spec.head.text)


def _name(text: str) -> RevisionName:
    for source in Source:
        prefix = f"{source}:"
        if text.startswith(prefix):
            name = text.removeprefix(prefix)
            if not name:
                raise _no_range(text)
            return RevisionName(name, source)
    if text.startswith("-"):
        raise _no_range(text)
    return RevisionName(text)


def _no_range(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a range of revisions.",
        "Write base..head, base...head (from their merge base), or one revision. Revisions are "
        "commits, tags, branches or releases, e.g. 0.20.5..0.20.6 or main~1..main.",
    )
