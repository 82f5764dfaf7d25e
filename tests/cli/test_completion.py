"""What a shell offers on Tab."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.sandbox import EXTRA, IMPORT, WORK, Sandbox, target_text

from bench.cli.completion import typed_words

# What is typed after the program → some of what is offered, and what is not.
LINES = {
    "ru": ({"run"}, {"rank"}),
    "run sam": ({"sample"}, set()),
    "run sample v1.0.0..v1.": ({"v1.0.0..v1.1.0"}, {"v1.1.0"}),
    "run REPO fea": ({"feature"}, set()),
    "run sample --benchmark ": ({"work", "extra"}, set()),
    "run sample --group o": ({"other"}, {"work"}),
    "run sample --no-r": ({"--no-report"}, set()),
    "profile REPO main --scenario sample-h": ({"sample-help"}, {"sample-version"}),
    "run nowhere/x a": (set(), {"main"}),
}


@pytest.mark.parametrize("line", LINES)
def test_offered(sandbox: Sandbox, tmp_path: Path, line: str) -> None:
    sandbox.write_target(target_text(WORK, EXTRA, IMPORT))
    sandbox.workspace.repos.mkdir()
    (sandbox.workspace.repos / "sample").symlink_to(sandbox.repository)
    typed = f"python -m bench {line.replace('REPO', str(sandbox.repository))}"
    answer = tmp_path / "answer"
    asked = {
        "_ARGCOMPLETE": "3", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": typed, "COMP_POINT": str(len(typed)),
    }  # fmt: skip
    with dataclasses.replace(sandbox, extra=asked).start() as process:
        assert process.communicate(timeout=60) == ("", "")
    offered = {one.strip() for one in answer.read_text().splitlines()}
    expected, not_expected = LINES[line]
    assert expected <= offered
    assert not not_expected & offered


@pytest.mark.parametrize(
    ("program", "words", "line"),
    [("1", ["run", "rich"], "duetbench run rich"), ("3", ["run"], "python -m bench run"),
     ("1", [], "duetbench run 'ri")],
)  # fmt: skip
def test_words(monkeypatch: pytest.MonkeyPatch, program: str, words: list[str], line: str) -> None:
    monkeypatch.setenv("_ARGCOMPLETE", program)
    monkeypatch.setenv("COMP_LINE", line)
    assert typed_words() == words
