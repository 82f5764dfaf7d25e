"""`python -m bench profile` as a user calls it, with real processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sandbox import EXTRA, PYTHON, Sandbox, target_text

from bench.explain.profile.artefacts import Artefacts


@pytest.fixture
def profiled(sandbox: Sandbox) -> Sandbox:
    burning = 'name = "burn"\ncommand = ["sample", "burn", "3"]'
    sandbox.write_target(target_text('name = "work"\ncommand = ["sample", "work"]', burning, EXTRA))
    return sandbox


def profile(sandbox: Sandbox, revisions: str, *options: str, status: int = 0) -> str:
    words = ("profile", "sample", revisions, "--repo", sandbox.repository, "--seconds", "1")
    done = sandbox.bench(*words, *options, status=status)
    return done.stdout + done.stderr


def page_of(sandbox: Sandbox, label: str, scenario: str) -> Path:
    (folder,) = sandbox.workspace.profiles.glob(f"sample/{label}/py{PYTHON}/{scenario}")
    return folder


def test_a_pair(profiled: Sandbox) -> None:
    said = profile(profiled, "v1.0.0..v1.1.0", "--scenario", "work")
    folder = page_of(profiled, "*..*", "work")
    assert str(folder / "README.md") in said
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "# `sample work`: what changed" in page
    assert (folder / "imports-shift.svg").exists()
    assert "imports" in page
    assert str(profiled.folder) not in page.replace(str(profiled.cache), "")
    assert "wrote nothing" not in page  # it is seen in the sandbox
    if "- py-spy:" not in page:  # it is in a group of its own, and a container may not let it look
        assert "burn()" in page
        assert ": more</title>" in (folder / "shift.svg").read_text(encoding="utf-8")
        assert (folder / "raw" / "head.folded").exists()
        assert "| py-spy" in page
    if "- objgraph:" in page:
        assert "not what keeps them alive" in page
    for measured in ("cProfile", "objects", "-X importtime"):
        assert f"| {measured} " in page


def test_one_revision(profiled: Sandbox) -> None:
    profile(profiled, "v1.0.0", "--scenario", "extra")
    folder = page_of(profiled, "*", "extra")
    assert ".." not in folder.parents[1].name
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "where the time goes" in page
    assert (folder / "raw" / "functions.pstats").exists()
    (folder / "README.md").write_text("mine", encoding="utf-8")
    said = profile(profiled, "v1.0.0", "--scenario", "extra", status=2)
    assert "left alone" in said
    assert (folder / "README.md").read_text(encoding="utf-8") == "mine"


def test_what_an_earlier_profile_left_goes(tmp_path: Path) -> None:
    first = Artefacts(tmp_path / "made")
    first.write("raw/old.txt", "old")
    first.finish("the first")
    second = Artefacts(tmp_path / "made")
    second.write("new.svg", "new")
    page = second.finish("the second")
    assert "the second" in page.read_text(encoding="utf-8")
    assert not (tmp_path / "made" / "raw" / "old.txt").exists()


def test_a_scenario_that_fails_is_named(profiled: Sandbox) -> None:
    said = profile(profiled, "fails", "--scenario", "work", status=4)
    assert "sample: cannot work today" in said


@pytest.mark.parametrize(
    ("revisions", "options", "words"),
    [
        ("v1.0.0", ["--scenario", "nothing"], "matches nothing"),
        ("v1.0.0..v1.0.0", [], "same revision"),
        ("v9.9.9", [], "Unknown revision"),
    ],
)
def test_mistakes(profiled: Sandbox, revisions: str, options: list[str], words: str) -> None:
    assert words in profile(profiled, revisions, *options, status=2)
