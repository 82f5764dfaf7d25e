"""`-k`: an expression of names."""

from __future__ import annotations

import pytest
from support.sandbox import EXTRA, IMPORT, WORK, target_text

from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.target import parse_target
from bench.engine.session.keywords import parse_keywords
from bench.engine.session.selection import by_keywords

NAMES = ("tool-help", "tool-version", "import-tool.cli", "import-tool")
GOOD = {
    "help": "0", "HELP": "0", "help or version": "01", "tool and not version": "023",
    "not (help or version)": "23", "import-tool.cli": "2", "not not help": "0",
    "help and version or import": "23", "help or version and import": "0", "(help)": "0",
}  # fmt: skip


@pytest.mark.parametrize("expression", GOOD)
def test_expression(expression: str) -> None:
    test = parse_keywords(expression)
    assert "".join(str(i) for i, name in enumerate(NAMES) if test(name)) == GOOD[expression]


@pytest.mark.parametrize("expression", ["", " ", "and", "a b", "(a", "a)", "not", "a or", "()"])
def test_no_expression(expression: str) -> None:
    with pytest.raises(UsageError, match="is no expression of names"):
        parse_keywords(expression)


TARGET = parse_target(target_text(WORK, EXTRA + "\ndefault = false", IMPORT))


def test_it_chooses_among_what_would_be_measured() -> None:
    assert by_keywords(TARGET, Options(), "not work").benchmarks == ("import",)
    everything = Options(benchmarks=("*",))
    assert by_keywords(TARGET, everything, "not work").benchmarks == ("extra", "import")


def test_groups_count_too() -> None:
    assert by_keywords(TARGET, Options(benchmarks=("*",)), "other").benchmarks == ("extra",)


@pytest.mark.parametrize(
    ("expression", "hint"),
    [("extra", r"It matches extra, with --benchmark '\*'"), ("x1", "import")],
)
def test_nothing_is_left(expression: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        by_keywords(TARGET, Options(), expression)
