"""`bench message`: what was measured as the message of a commit, before there is one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.runs import ended, made_up, probed, rounds
from support.sample_project import Repository
from support.sandbox import Sandbox

from bench.core.result import CONTROL
from bench.core.revision import Pair, Revision, Source
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Event
from bench.report.pair.commit_words import measured_message
from bench.report.select_runs import Shown

TREE = Revision(
    source=Source.TREE, name="HEAD + 1 file", identity="ab" * 20, date="2026-01-01T00:00:00Z",
    parent="cd" * 20,
)  # fmt: skip
HEAD = Revision(
    source=Source.GIT, name="HEAD", identity="cd" * 20, date="2026-01-01T00:00:00Z", subject="x"
)


def message(ratios: dict[str, float]) -> str:
    """That of a run in which each benchmark has changed by this ratio."""
    events: list[Event] = []
    times = [0.1 + number / 1000 for number in range(20)]
    for name, ratio in {CONTROL: 1.0, **ratios}.items():
        events += [probed(name), *rounds(name, times, [one * ratio for one in times])]
        events.append(ended(name))
    run = made_up(events, *ratios)
    shown = Shown(run, evaluate(run))
    return measured_message(Pair(HEAD, TREE, "clone x"), [shown])


def test_subject_names_what_changed_most() -> None:
    text = message({"help": 0.5, "version": 0.9, "same": 1.0})
    assert text.splitlines()[0] == "perf: help 2.00x faster, and 1 more"
    assert message({"help": 0.9}).splitlines()[0] == "perf: help 10.0% faster"
    both = message({"help": 0.9, "version": 1.1}).splitlines()[0]
    assert both == "perf: help 10.0% faster; version 10.0% slower"
    assert message({"help": 1.1}).splitlines()[0] == "perf: help 10.0% slower"
    nothing = message({"help": 1.0}).splitlines()[0]
    assert nothing == "perf: no benchmark certainly faster or slower"


@pytest.mark.parametrize("ratios", [{"x" * 90: 0.5}, {"x" * 90: 0.5, "y" * 90: 1.2}])
def test_lines_fit(ratios: dict[str, float]) -> None:
    assert len(message(ratios).splitlines()[0]) <= 72


def test_body_has_figures_conditions_and_the_command() -> None:
    text = message({"help": 0.5, "same": 1.0})
    words = " ".join(text.split())
    assert "CPU time, medians, before -> after, with 95% intervals:" in words
    assert "help 3.13" in words
    assert "2.00x faster (" in words
    assert "at most a 5% chance that any faster or slower of a run is wrong." in words
    assert f"`git rev-parse COMMIT^{{tree}}` is {'ab' * 20}." in words
    assert f"python -m bench run sample {'cd' * 5}..COMMIT --python 3.13" in words


def test_message_of_the_working_tree_is_taken_by_git(sandbox: Sandbox, tmp_path: Path) -> None:
    shutil.copytree(sandbox.repository, tmp_path / "mine")
    repository = Repository(tmp_path / "mine")
    repository.git("checkout", "--quiet", "v1.0.0")
    mine = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    changed = repository.path / "sample" / "behaviour.py"
    changed.write_text('UNITS = 4\nHOW = ""\n')
    command = ("message", "sample", "HEAD..", "--repo", mine.repository)
    assert "There is no run of" in mine.bench(*command, status=4).stderr
    mine.run("HEAD..", "--quick")
    text = mine.bench(*command, status=0).stdout
    assert text.startswith("perf: work ")
    (tmp_path / "message").write_text(text)
    last = mine.bench("message", "sample", "--repo", mine.repository, status=0).stdout
    assert last == text
    changed.write_text("")
    stale = mine.bench("message", "sample", "--repo", mine.repository, status=4)
    assert "are not those that were measured (HEAD + 1 file" in stale.stderr
    changed.write_text('UNITS = 4\nHOW = ""\n')
    repository.git("commit", "--quiet", "--all", "--file", str(tmp_path / "message"))
    assert repository.git("rev-parse", "HEAD^{tree}") in text
    assert repository.git("log", "-1", "--format=%s") == text.splitlines()[0]
