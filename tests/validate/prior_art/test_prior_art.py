"""Published work measured again: from a declaration to its summary, with real commits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.sandbox import PYTHON, Sandbox

from bench.core.errors import UsageError
from bench.core.revision import Pair, Revision, Source
from bench.validate.prior_art.declaration import PublishedComparison, load_prior_art

DECLARED = """\
target = "sample"
title = "The sample: slower and slower"
introduction = "What was published."
repository = "{repository}"
clone = "sample-of-somebody"
budget_s = 3

[source.blog]
title = "A blog"
url = "https://example.org/blog"
measured_with = "CPython 3.9 on a laptop"

[[whole]]
title = "All of it"
range = "v1.0.0..v1.1.0"
benchmarks = ["work"]
published = [
  {{ benchmark="work", python="{python}", figure="10 to 1 ms", speedup=10, source="blog" }},
  {{ benchmark="work", figure="said somewhere", not_compared="no Python is named" }},
]
text = "It **got** slower."
memory = true

[[pattern]]
title = "Not in this history"
range = "v1.0.0..v99"
benchmarks = ["work"]
"""


@pytest.fixture
def declared(sandbox: Sandbox) -> Sandbox:
    folder = sandbox.workspace.prior_art
    folder.mkdir(parents=True)
    text = DECLARED.format(repository=sandbox.repository, python=PYTHON)
    (folder / "sample.toml").write_text(text, encoding="utf-8")
    return sandbox


def summary(sandbox: Sandbox) -> str:
    return (sandbox.workspace.prior_art / "sample-summary.md").read_text(encoding="utf-8")


def test_published_and_measured_stand_side_by_side(declared: Sandbox) -> None:
    done = declared.bench("prior-art", "--python", PYTHON, status=2)
    assert "Not in this history: Unknown revision 'v99'" in done.stderr
    (run,) = declared.runs
    assert run.manifest.pair.head.name == "v1.1.0"
    assert (declared.workspace.repos / "sample-of-somebody").is_dir()
    page = summary(declared)
    assert page.index("**1 published ratio measured again: 1 smaller here.**") < page.index("| ")
    row = next(line for line in page.splitlines() if "10 to 1 ms" in line)
    assert f"Python {PYTHON}, 10 to 1 ms (10.00x) [blog]" in row
    assert any("smaller here" in line for line in page.splitlines() if line.startswith("|"))
    assert "[blog]: https://example.org/blog" in page
    assert "CPython 3.9 on a laptop" in page
    assert "MiB →" in page
    assert "not measured yet" in page  # the pattern that could not be found
    assert "not compared: no Python is named" in page
    assert "it need not equal the ratio of the two medians" in page
    conditions = next(line for line in page.splitlines() if line.startswith("Conditions: "))
    assert f"Python {PYTHON}: " in conditions
    assert re.search(r" · (tests not run \(.+\)|tested)\.$", conditions)
    assert "the clone `repos/sample-of-somebody`, which `.venv/bin/nox -s prior-art" in page
    place = page.split("[All of it](")[1].partition(")")[0]
    assert (declared.workspace.prior_art / place).is_file()


def test_what_is_there_is_not_measured_again(declared: Sandbox) -> None:
    arguments = ("prior-art", "sample", "--python", PYTHON)
    declared.bench(*arguments, status=2)
    assert "measured before" in declared.bench(*arguments, status=2).stderr
    assert len(declared.runs) == 1


def test_the_report_writes_the_summary_from_data_alone(declared: Sandbox) -> None:
    declared.bench("prior-art", "--python", PYTHON, status=2)
    before = summary(declared)
    (declared.workspace.prior_art / "sample-summary.md").unlink()
    declared.bench("report", status=0)
    assert summary(declared) == before


def test_an_unknown_name_and_a_damaged_file_are_told(declared: Sandbox) -> None:
    assert "Declared under" in declared.bench("prior-art", "nothing", status=2).stderr
    file = declared.workspace.prior_art / "broken.toml"
    file.write_text("target = 3", encoding="utf-8")
    with pytest.raises(UsageError, match=r"broken\.toml"):
        load_prior_art("broken", file.parent)
    assert "broken.toml" in declared.bench("prior-art", "broken", status=2).stderr


@pytest.mark.parametrize(
    ("text", "same"),
    [("abcdef1234..1.0", True), ("abcdef1..1.0", True), ("abc..1.0", False), ("1.0..1.0", False)],
)
def test_ranges_are_found_by_the_beginning_of_a_hash(text: str, *, same: bool) -> None:
    base = Revision(source=Source.GIT, name="x", identity="abcdef1234567890", date="2026-01-01")
    pair = Pair(
        base, Revision(source=Source.PYPI, name="1.0", identity="1.0", date="2026-01-01"), ""
    )
    assert PublishedComparison(title="t", range=text, benchmarks=("b",)).is_of(pair) is same


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v1.0.0..v1.1.0", "v1.1.0", "does not name both ends"),
        ('source="blog"', 'source="book"', "names the source 'book'"),
        ('benchmark="work"', 'benchmark="play"', "'play', which is not among the benchmarks"),
    ],
)
def test_what_does_not_fit_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = DECLARED.format(repository="x", python=PYTHON).replace(old, new)
    (tmp_path / "open.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_prior_art("open", tmp_path)
