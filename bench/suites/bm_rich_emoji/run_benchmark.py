"""Rich replacing emoji codes, which it does with every string that may hold markup.

One call reads 600 strings: a third with codes, a third with colons that are no codes, a third
without a colon. Nothing is cached; the table of codes is loaded before.
"""

from __future__ import annotations

import pyperf
from rich.emoji import Emoji

STRINGS = 600
KINDS = (
    (":heart: build {0} passed :rocket: :+1:", "❤ build {0} passed 🚀 👍"),
    ("at 12:34:56 key:value {0} :nosuchemoji:", "at 12:34:56 key:value {0} :nosuchemoji:"),
    ("plain words without any code, number {0}", "plain words without any code, number {0}"),
)


def build_strings() -> tuple[list[str], list[str]]:
    """Return strings, and what they should become."""
    pairs = [KINDS[n % len(KINDS)] for n in range(STRINGS)]
    given = [code.format(n) for n, (code, _) in enumerate(pairs)]
    return given, [expected.format(n) for n, (_, expected) in enumerate(pairs)]


def replace_all(strings: list[str]) -> list[str]:
    """Do what is timed."""
    return [Emoji.replace(text) for text in strings]


def check(found: list[str], expected: list[str]) -> None:
    """Refuse to time a replacement that replaces too much or too little."""
    for text, wanted in zip(found, expected, strict=True):
        if text != wanted:
            msg = f"{text!r} instead of {wanted!r}"
            raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    strings, expected = build_strings()
    check(replace_all(strings), expected)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: replace emoji codes in {STRINGS} strings"
    runner.bench_func("rich_emoji", replace_all, strings)


if __name__ == "__main__":
    main()
