"""Escapes and blocks."""

from __future__ import annotations

import pytest

from bench.formats import markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a\\|b"),
        ("<script>", "&lt;script&gt;"),
        ("fix __init__ & *all*", "fix \\_\\_init\\_\\_ &amp; \\*all\\*"),
        ("two\nlines\there", "two lines here"),
        ("[x](y)", "\\[x\\](y)"),
        ("# no heading", "\\# no heading"),
        ("- no item", "\\- no item"),
    ],
)
def test_foreign_text_appears_as_it_is(text: str, escaped: str) -> None:
    assert markdown.plain(text) == escaped


def test_prose_keeps_code_and_escapes_the_rest() -> None:
    assert markdown.prose("`--deps base` for a_b <c>") == "`--deps base` for a\\_b &lt;c&gt;"
    assert markdown.prose("see `x_y` or `z`.") == "see `x_y` or `z`."
    assert markdown.prose("one ` only") == "one \\` only"


def test_code_in_a_table() -> None:
    assert markdown.code("a|b") == "`a\\|b`"
    assert markdown.code("a`b") == "`` a`b ``"
    assert markdown.code("") == ""


def test_blocks_have_blank_lines_between() -> None:
    made = markdown.document(["# a", "", markdown.table(("x", "y"), [["1", "2"]]), "end"])
    assert made == "# a\n\n| x   |   y |\n|:----|----:|\n| 1   |   2 |\n\nend\n"
    assert markdown.collapsed("more", "| t |").endswith("| t |\n\n</details>")


def test_figures_and_units_are_not_torn_apart_in_tables() -> None:
    row = ["a b", "80.9 → 59.4 ms", "1.20 s → 500 ms", "−1.0% (−2.0 … +3.0)", "2x faster (1.6–2.5)"]
    made = markdown.table(("x",) * 5, [row])
    assert "a b" in made
    assert "80.9\u00a0→\u00a059.4\u00a0ms" in made
    assert "1.20\u00a0s →\u00a0500\u00a0ms" in made
    assert "(−2.0\u00a0…\u00a0+3.0)" in made
    assert "(1.6–\u20602.5)" in made


def test_summaries_have_no_raw_backticks() -> None:
    assert "<summary>All of <code>a&lt;b</code></summary>" in markdown.collapsed("All of `a<b`")
