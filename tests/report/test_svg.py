"""Pictures written by hand: as wide as a page, readable in both colour schemes."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from bench.formats.svg import MARGIN, Paint, Svg, width_px, wrapped_to

PALE, DEEP = Paint("#e1e4e8", "#3d444d"), Paint("#c2570c", hatched=True)


def drawn() -> bytes:
    svg = Svg()
    top = svg.caption("a title of some length " * 6, "and what it shows " * 12)
    top = svg.legend(top, [(f"entry number {number}", PALE) for number in range(12)])
    svg.box(MARGIN, top, 200, 20, DEEP, label="label", title="<more>")
    svg.line(0, top, 860, top)
    return svg.finish(top + 40, "made by a test")


def test_text_is_large_enough_where_a_page_shows_it() -> None:
    root = ET.fromstring(drawn())
    assert root.attrib["width"] == "860"
    sizes = re.findall(r'font-size="([\d.]+)"', drawn().decode())
    assert min(map(float, sizes)) >= 11
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert float(text.attrib["x"]) + width_px(text.text or "") <= 860


def test_light_and_dark() -> None:
    """Words, background and fills change with the scheme; words on a fill contrast with it."""
    light, dark = drawn().decode().split("@media(prefers-color-scheme:dark)")
    assert ".p0 rect{fill:#e1e4e8}" in light
    assert ".p0 text{fill:#1f2328}" in light
    assert ".p0 rect{fill:#3d444d}" in dark
    assert ".p0 text{fill:#ffffff}" in dark


def test_a_hatched_fill_is_a_pattern() -> None:
    text = drawn().decode()
    assert '<pattern id="p1"' in text
    assert ".p1 rect{fill:url(#p1)}" in text


def test_lines_break_between_words() -> None:
    lines = wrapped_to("one two three four five six", 60)
    assert len(lines) > 1
    assert " ".join(lines) == "one two three four five six"
    assert all(width_px(line) <= 60 for line in lines)
