"""What an author said of single commits, beside what an attribution found."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.attributed_ranges import all_measured, attribution, reach, revision
from support.sandbox import Sandbox

from bench.core.errors import UsageError
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.report.output import Output
from bench.report.validate.prior_art_steps import attributed_section
from bench.validate.prior_art.declaration import AttributionOf, PublishedStep, load_prior_art

DECLARED = AttributionOf(
    range=f"{revision(0).identity[:10]}..{revision(6).identity[:10]}",
    breakdown=tuple(
        PublishedStep(commit=revision(number).identity[:10], benchmark=name, figure=figure)
        for number, name, figure in (
            (1, "one", "about 100 ms"), (4, "one", "nothing"), (6, "two", "a lot"),
        )
    ),
)  # fmt: skip


def section(sandbox: Sandbox) -> str:
    page = Output(sandbox.folder, sandbox.workspace.data).page("summary.md")
    return "\n".join(attributed_section(DECLARED, "sample", page, sandbox.workspace))


@pytest.fixture
def empty(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    return Sandbox(tmp_path / "empty", sandbox.cache, sandbox.repository)


def test_nothing_was_attributed(empty: Sandbox) -> None:
    assert "Not attributed yet." in section(empty)


def test_published_and_attributed_stand_side_by_side(empty: Sandbox) -> None:
    proved = msgspec.structs.replace(
        reach("two"), states=(0,), work=(0.0,), proved={6: NoEffectProof.NOT_READ}
    )
    made = attribution([*all_measured(), proved])
    stored = ATTRIBUTIONS.create(empty.workspace.data, made.asked)
    for event in made.events:
        stored = ATTRIBUTIONS.append(stored, event)
    lines = section(empty).replace("\N{NO-BREAK SPACE}", " ").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    first, fourth, two = rows
    assert "about 100 ms" in first
    assert "−10.0%" in first
    assert "ms (−109 ms … −91.0 ms)" in first
    assert "0.0%" in fourth
    assert "exactly nothing, as is proved" in two


def test_a_hash_that_is_too_short(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "prior-art" / "rich.toml").read_text(encoding="utf-8")
    (tmp_path / "rich.toml").write_text(text.replace('"03bcb68946"', '"03bc"'), encoding="utf-8")
    with pytest.raises(UsageError, match="length >= 7"):
        load_prior_art("rich", tmp_path)
