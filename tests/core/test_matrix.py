"""One declaration for several benchmarks, and folders that are copied."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.sandbox import target_text

from bench.core.catalogue import load_target
from bench.core.errors import UsageError
from bench.core.target import Target, parse_target


def spread(*lines: str) -> Target:
    return parse_target(target_text("\n".join(lines)))


def test_a_benchmark_for_each_combination() -> None:
    found = spread(
        'name = "sort"',
        'command = ["sample", "sort", "{size}.txt", "--order={order}", "{home}/{size}"]',
        'matrix = { size = [10, 100], order = ["up", "Down!"] }',
        '[benchmark.files]\n"{size}.txt" = "{size} lines of {other}"',
    ).benchmark
    assert [one.name for one in found] == [
        "sort-10-up", "sort-10-down", "sort-100-up", "sort-100-down",
    ]  # fmt: skip
    assert found[1].command == ("sample", "sort", "10.txt", "--order=Down!", "{home}/10")
    assert found[2].files == {"100.txt": "100 lines of {other}"}
    assert {one.group for one in found} == {"sort"}
    assert not any(one.matrix for one in found)


def test_values_in_the_name() -> None:
    found = spread(
        'name = "{flag}-start"',
        'group = "cli"',
        'import = "sample.{flag}"',
        "matrix = { flag = [true, 2.5] }",
    ).benchmark
    assert [one.name for one in found] == ["true-start", "2.5-start"]
    assert [one.statement for one in found] == ["sample.true", "sample.2.5"]
    assert {one.group for one in found} == {"cli"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (('name = "x"', 'command = ["a"]', "matrix = { n = [1] }"), "{n} of its matrix is used"),
        (('name = "x"', 'command = ["{home}"]', "matrix = { home = [1] }"), "something else"),
        (('name = "x{n}"', 'command = ["a"]'), "has no matrix"),
        (('name = "x"', 'command = ["{n}"]', "matrix = { n = [] }"), "length >= 1"),
        (('name = "x"', 'command = ["{n}"]', "matrix = { n = [1, 1] }"), "used twice"),
        (('name = "x"', 'pytest = "tests"', 'copy = "data"'), "copy goes with"),
    ],
)
def test_what_makes_no_sense(lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        spread(*lines)


def test_a_copied_folder_counts_with_its_content(tmp_path: Path) -> None:
    text = target_text('name = "x"\ncommand = ["sample"]\ncopy = "data/project"')
    (tmp_path / "sample.toml").write_text(text)
    with pytest.raises(UsageError, match="no such folder"):
        load_target("sample", tmp_path)
    folder = tmp_path / "data" / "project"
    folder.mkdir(parents=True)
    (folder / "one.txt").write_text("1")
    before = load_target("sample", tmp_path).benchmark[0].copy_digest
    (folder / "one.txt").write_text("2")
    after = load_target("sample", tmp_path).benchmark[0].copy_digest
    assert before
    assert before != after
