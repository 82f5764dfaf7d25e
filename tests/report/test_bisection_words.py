"""What is said of a bisection, in its picture and in sentences."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from support.synthetic_bisections import synthetic_bisection

from bench.explain.attribute.standing import AttributionProgress
from bench.formats.svg import width_px
from bench.report.bisect.decisions import decisions_of
from bench.report.bisect.narrowing import draw_narrowing, narrowing_words

SVG = "{http://www.w3.org/2000/svg}"


def test_a_row_a_question(tmp_path: Path) -> None:
    told = synthetic_bisection(tmp_path)
    root = ET.fromstring(draw_narrowing("a title", "a caption", told))
    texts = [(float(one.attrib["x"]), one) for one in root.iter(f"{SVG}text")]
    words = [one.text or "" for _, one in texts]
    decisions = decisions_of(told)
    for number, one in enumerate(decisions, 1):
        assert f"{number}: {one.answer}" in words
        assert one.left_words in words
    for left, text in texts:
        wide = width_px(text.text or "")
        is_end = text.attrib.get("text-anchor") == "end"
        assert left - wide * is_end >= 0, text.text
        assert left + wide * (not is_end) <= 860, text.text


def test_probabilities_of_each_row_add_up(tmp_path: Path) -> None:
    told = synthetic_bisection(tmp_path)
    root = ET.fromstring(draw_narrowing("a title", "a caption", told))
    titles = [one.text or "" for one in root.iter(f"{SVG}title")]
    cells = [float(one.split("%")[0]) for one in titles if " in commit" in one]
    rows = len(decisions_of(told)) + 1
    assert abs(sum(cells) - 100 * rows) < rows
    (named,) = told.known().outcome.candidates
    assert f"100.0% in commit {named}" in titles
    assert narrowing_words(told).count("left)") == rows - 1


def test_a_sentence_says_how_far_it_is() -> None:
    told = {one: f"The test is {one.words}" for one in AttributionProgress}
    assert told[AttributionProgress.DONE] == "The test is complete"
    assert told[AttributionProgress.OUT_OF_BUDGET] == "The test is at the end of its budget"
