"""`-k`: benchmarks by an expression, as pytest takes it for tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.core.errors import UsageError

_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")
_Test = Callable[[str], bool]


def parse_keywords(expression: str) -> _Test:
    """A test of names: words that a name contains (in any case), with `and`, `or`, `not` and `()`.

    Raises `UsageError` for what is no such expression.
    """
    words = [bracket or word for bracket, word in _TOKEN.findall(expression)]
    reader = _Reader(expression, words)
    test = reader.either()
    if reader.words:
        raise reader.wrong()
    return lambda name: test(name.lower())


@dataclass
class _Reader:
    """Reads from the left; `or` binds weakest, `not` strongest."""

    expression: str
    words: list[str] = field(default_factory=list)

    def either(self) -> _Test:
        tests = [self.both()]
        while self._take("or"):
            tests.append(self.both())
        return lambda name: any(test(name) for test in tests)

    def both(self) -> _Test:
        tests = [self.one()]
        while self._take("and"):
            tests.append(self.one())
        return lambda name: all(test(name) for test in tests)

    def one(self) -> _Test:
        if self._take("not"):
            inner = self.one()
            return lambda name: not inner(name)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self.wrong()
            return inner
        if not self.words or self.words[0] in {"and", "or", ")"}:
            raise self.wrong()
        word = self.words.pop(0).lower()
        return lambda name: word in name

    def _take(self, word: str) -> bool:
        if self.words[:1] != [word]:
            return False
        self.words.pop(0)
        return True

    def wrong(self) -> UsageError:
        """What is said of the expression."""
        where = f" before {self.words[0]!r}" if self.words else " at its end"
        return UsageError(
            f"-k {self.expression!r} is no expression of names: it goes wrong{where}.",
            'Write words with and, or, not and brackets: -k "help and not version".',
        )
