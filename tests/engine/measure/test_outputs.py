"""What both sides print is compared, without what is another one in each run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.core.result import Outputs
from bench.core.sample import Side
from bench.engine.measure.client import Invocation
from bench.engine.measure.outputs import (
    OutputsSeen,
    first_difference,
    normalised,
    watcher_of_rounds,
)

NAMES = [(re.compile(re.escape("/b/envs/1234")), "<environment>")]

# Two texts of one program in two runs.
ALIKE = [
    ("done in 0.53s", "done in 12.1s"),
    ("took 3 seconds (1.5e-3 s a file)", "took 40 seconds (2.5e-3 s a file)"),
    ("at 2026-01-31T12:00:01.5+02:00", "at 2026-02-01T09:30:00Z"),
    ("on 2026-01-31", "on 2025-12-01"),
    ("Mon Nov 30 02:04:57 2026", "Tue Dec  1 12:14:07 2026"),
    ("Fri, 30 Jan 2026 01:02:03 GMT", "Sat, 31 Jan 2026 11:02:03 GMT"),
    ("<object at 0x7f6e1c2b3d40>", "<object at 0x55d0deadbeef>"),
    ("wrote /tmp/tmpab12/x.txt.", "wrote /tmp/tmpzz99/x.txt."),
    ("pid 12, process: 7", "pid 4231, process: 8"),
    ("/b/envs/1234/venv/bin/x", "/b/envs/1234/venv/bin/x"),
    ("stamp 1764468297.25", "stamp 1764468299.5"),
    ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174000"),
]  # fmt: skip
UNLIKE = [("3 files", "2 files"), ("a.py:12: error", "a.py:13: error"), ("0.25", "0.26")]


@pytest.mark.parametrize(("one", "two"), ALIKE)
def test_what_changes_from_run_to_run_is_left_out(one: str, two: str) -> None:
    assert normalised(one, NAMES) == normalised(two, NAMES)


@pytest.mark.parametrize(("one", "two"), UNLIKE)
def test_what_a_program_says_is_kept(one: str, two: str) -> None:
    assert normalised(one, NAMES) != normalised(two, NAMES)


def seen(folder: Path, base: list[str], head: list[str], statuses: tuple[int, int] = (0, 0)) -> OutputsSeen:  # fmt: skip  # noqa: E501
    made = OutputsSeen(NAMES)
    for side, texts, status in zip(Side, (base, head), statuses, strict=True):
        for text in texts:
            (folder / "stdout").write_text(text, encoding="utf-8")
            invocation = Invocation(argv=("x",), env={}, cwd=folder, stdout=folder / "stdout")
            made.note(side, invocation, status)
    return made


def test_difference(tmp_path: Path) -> None:
    found = seen(tmp_path, ["a\nb\n"] * 2, ["a\nc\n"] * 2).compared()
    assert found is not None
    assert (found.differs, found.varying) == (("standard output",), ())
    assert found.excerpt == "-b\n+c"


def test_first_run_may_set_something_up(tmp_path: Path) -> None:
    found = seen(tmp_path, ["welcome", "a", "a"], ["a", "a", "a"]).compared()
    assert found is not None
    assert (found.differs, found.varying) == ((), ())


def test_what_varies_by_itself_is_not_called_different(tmp_path: Path) -> None:
    found = seen(tmp_path, ["a", "b"], ["c", "c"]).compared()
    assert found is not None
    assert (found.differs, found.varying) == ((), ("base",))


def test_exit_status(tmp_path: Path) -> None:
    found = seen(tmp_path, ["a"] * 2, ["a"] * 2, (0, 3)).compared()
    assert found is not None
    assert (found.differs, found.excerpt) == (("exit status",), "0 → 3")


def test_one_run_of_each_side_is_said(tmp_path: Path) -> None:
    """A benchmark of minutes: nobody knows whether it would print the same again."""
    found = seen(tmp_path, ["a"], ["b"]).compared()
    assert found is not None
    assert found.differs == ("standard output (one run of each side)",)


def rounds(
    folder: Path,
    pairs: list[tuple[str, str]],
    *,
    probed: Outputs,
    statuses: tuple[int, int] = (0, 0),
) -> Outputs | None:
    made = watcher_of_rounds(probed, NAMES)
    assert made is not None
    for texts in pairs:
        for side, text, status in zip(Side, texts, statuses, strict=True):
            (folder / "stdout").write_text(text, encoding="utf-8")
            invocation = Invocation(argv=("x",), env={}, cwd=folder, stdout=folder / "stdout")
            made.note(side, invocation, status)
    return made.compared()


ONCE = Outputs(differs=("standard output (one run of each side)",))


def test_what_base_varies_by_itself_in_rounds_is_no_difference(tmp_path: Path) -> None:
    """The frames of a spinner, of a command that is probed once."""
    found = rounds(tmp_path, [("-", "/"), ("/", "|"), ("-", "-")], probed=ONCE)
    assert found == Outputs(varying=("base",))
    assert rounds(tmp_path, [("-", "/"), ("/", "|")], probed=Outputs()) == found


def test_rounds_that_are_all_alike_take_a_difference_back(tmp_path: Path) -> None:
    assert rounds(tmp_path, [("a", "a"), ("a", "a")], probed=ONCE) == Outputs()


def test_rounds_confirm_what_one_run_of_each_side_showed(tmp_path: Path) -> None:
    found = rounds(tmp_path, [("a", "b"), ("a", "b")], probed=ONCE)
    assert found is not None
    assert found.differs == ("standard output (in 2 of 2 rounds)",)
    assert found.excerpt == "-a\n+b"


def test_a_single_round_settles_nothing(tmp_path: Path) -> None:
    assert rounds(tmp_path, [("a", "b")], probed=ONCE) is None


def test_head_that_prints_less_when_it_is_timed_differs(tmp_path: Path) -> None:
    """Also where it varies: base does not."""
    found = rounds(tmp_path, [("a", "b"), ("a", "c"), ("a", "a")], probed=Outputs())
    assert found is not None
    assert found.differs == ("standard output (in 2 of 3 rounds)",)


def test_nothing_more_is_to_be_told_of_what_varies() -> None:
    assert watcher_of_rounds(Outputs(varying=("base",)), NAMES) is None
    assert watcher_of_rounds(Outputs(differs=("standard output",)), NAMES) is None


def test_nothing_was_run(tmp_path: Path) -> None:
    assert seen(tmp_path, ["a"], []).compared() is None


def test_excerpt_is_short_and_printable() -> None:
    found = first_difference("same\n" * 5, "same\n" * 3 + "\x1b[31m" + "x" * 500 + "\n" * 40)
    assert len(found) < 400
    assert "\x1b" not in found
    assert first_difference("a", "a\n") == ""
