"""What a text names that can be measured: commands, imports, functions. Pure.

Names are taken as they stand; whether a revision has them is found out by others.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


class MentionKind(enum.StrEnum):
    """What is named."""

    COMMAND = "command"
    IMPORT = "import"
    FUNCTION = "function"


@dataclass(frozen=True, order=True)
class Mention:
    """Something named: words of a command without its program, a module or what it is imported
    for, a function as `Class.method`; `file` is where it lies, "" where that is not said.
    """

    kind: MentionKind
    name: str
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What a project's commands are called: `programs`, and `commands` that are declared.

    A declared command is told without its program.
    """

    programs: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    _phrases: list[re.Pattern[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        longest_first = sorted(filter(None, self.commands), key=len, reverse=True)
        patterns = [
            re.compile(rf"(?<![\w-])({_words(one)})(?![\w-])")
            for one in longest_first
            if len(one) > 1 or one[0].startswith("-")
        ]
        object.__setattr__(self, "_phrases", patterns)

    def commands_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Declared commands, whatever starts with a program in backticks, and bare options."""
        for pattern in self._phrases:
            for found in pattern.finditer(text):
                yield *found.span(1), " ".join(found[1].split())
        for program in self.programs:
            quoted = rf"`(?:\$ ?)?{re.escape(program)}((?: [^\s`]+)+)`"
            words = r"((?: [a-z][\w-]*){0,2}(?: --?[a-z][\w-]*)+)"
            plain = rf"(?<![\w./-]){re.escape(program)}{words}"
            for pattern_text in (quoted, plain):
                for found in re.finditer(pattern_text, text):
                    yield *found.span(), found[1].strip()
        for found in re.finditer(r"(?<![\w-])(?<!`)--[a-z][\w-]*|`--[a-z][\w-]*`", text):
            # Of another program in backticks it is no option of ours.
            if not re.search(r"`[^\s`]+ (?:[^`]* )?$", text[: found.start()]):
                yield *found.span(), found[0].strip("`")

    def has_other_program(self, text: str) -> bool:
        """Whether a command of another program stands in it, in backticks."""
        return any(one not in self.programs for one in _COMMAND_OF.findall(text))


_COMMAND_OF = re.compile(r"`(?:\$ ?)?([a-z][\w.-]*) (?:[^`]* )?--?[a-z][^`]*`")
_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_FROM = re.compile(rf"\bfrom\s+({_DOTTED})\s+import\s+(\w+)")
_FILE = r"[\w./-]*\w\.py"
_IMPORT_OF = re.compile(
    r"\b(?:imports?(?: time)? of|import time for|import(?:ing)?)\s+"
    rf"`?({_FILE}|{_DOTTED})`?(?![\w-])"
)
_NAMED_IMPORT = re.compile(rf"`?({_FILE}|{_DOTTED})`?\s+imports?(?:\s+(?:time|cost))?\b")
_CALLED = re.compile(rf"`?({_DOTTED})`?\(\)")
_QUOTED = re.compile(rf"`({_DOTTED})`")
_IDENTIFIER = re.compile(
    r"(?<![\w./`-])((?:[A-Za-z_]\w*\.)*(?:_\w+|[A-Za-z]\w*_\w+)|(?:[A-Z]\w+\.)+[a-z_]\w*)"
    r"(?![\w/]|\.\w)"
)
_TITLE = re.compile(
    r"^(?:(?:\W*(?:Merge|perf)\b[^:\n]*:)?\W*)?(?:Optimi[sz]ed?|(?i:speed(?:s|ed)? up))\s+"
    r"(?:the\s+)?(?:(?:static |class |async )?(?:function|method)\s+)?"
    rf"`?(?P<name>{_DOTTED})`?(?:\(\))?\s*"
    rf"(?:$|by\b|in\b(?:\s+`?(?P<file>{_FILE})`?)?|\(|:)"
)
_IN_FUNCTION = re.compile(
    rf"speed-?up (?:in|for|of)\s+(?:(?:function|method)\s+)?\W{{0,5}}(?P<name>{_DOTTED})\W{{0,5}}"
    rf"(?:\s*in\s+\W{{0,3}}(?P<file>{_FILE}))?",
    re.IGNORECASE,
)
# Words that stand where a module's name would.
_NO_MODULE = {
    "the", "a", "an", "all", "lazy", "heavy", "deferred", "unused", "level", "time", "eager",
    "circular", "redundant", "local", "these", "this", "those", "and", "of", "to", "in", "module",
    "top", "their", "third", "party", "missing", "defer", "remove", "its", "chain", "chains",
    "system", "machinery", "cost", "costs", "overhead", "is", "per", "add", "on", "for", "from",
    "new", "inline", "statement", "statements", "re", "cold", "warm", "fast", "slow", "total",
}  # fmt: skip


def function_of_title(subject: str) -> Mention | None:
    """The function that a whole message is about: `Optimize X`, `Speed up function X by 18%`."""
    found = _TITLE.search(subject)
    if found is None:
        return None
    return Mention(MentionKind.FUNCTION, found["name"], found["file"] or "")


def function_of_speedup(text: str) -> Mention | None:
    """The function of `12% (0.12x) speedup in function X in pkg/file.py`."""
    found = _IN_FUNCTION.search(text)
    if found is None:
        return None
    is_identifier = re.search(r"[_.]|[a-z][A-Z]", found["name"])
    if not (is_identifier or found["file"]):
        return None
    return Mention(MentionKind.FUNCTION, found["name"], found["file"] or "")


@dataclass(frozen=True)
class Named:
    """A mention, and where it stands in the text."""

    start: int
    end: int
    mention: Mention


def mentions_in(text: str, vocabulary: Vocabulary) -> list[Named]:
    """What a text names, in its order; of what overlaps the first kind."""
    found: list[Named] = []
    for kind, spans in (
        (MentionKind.COMMAND, vocabulary.commands_in(text)),
        (MentionKind.IMPORT, _imports_in(text)),
        (MentionKind.FUNCTION, _functions_in(text)),
    ):
        for start, end, name in spans:
            if not any(start < other.end and other.start < end for other in found):
                found.append(Named(start, end, Mention(kind, name)))
    return sorted(found, key=lambda one: one.start)


def _imports_in(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _FROM.finditer(text):
        yield *found.span(), f"from {found[1]} import {found[2]}"
    for pattern in (_NAMED_IMPORT, _IMPORT_OF):
        for found in pattern.finditer(text):
            if found[1].lower() not in _NO_MODULE:
                yield *found.span(), found[1]


def _functions_in(text: str) -> Iterator[tuple[int, int, str]]:
    for pattern in (_CALLED, _QUOTED, _IDENTIFIER):
        for found in pattern.finditer(text):
            if not found[1].endswith((".py", ".md", ".toml")):
                yield *found.span(), found[1]


def _words(phrase: Sequence[str]) -> str:
    return r"\s+".join(map(re.escape, phrase))
