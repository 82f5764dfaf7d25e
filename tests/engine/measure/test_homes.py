"""What HOME holds when a process starts: the same for each, whatever the one before has done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.launching import ends, shell

from bench.core.sample import Design, Side
from bench.core.target import Benchmark
from bench.engine.measure.client import Launcher
from bench.engine.measure.homes import FreshHome, HomeError
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.sandbox.isolation import Isolation

FILL = """
import os
os.makedirs("deep/er")
for n in range(5): open(f"deep/er/{n}", "w").write(str(n))
os.symlink("er", "deep/link")
open("../runs", "a").write("once")
"""


@pytest.fixture
def home(tmp_path: Path) -> FreshHome:
    """A HOME that a first process fills."""
    folder = tmp_path / "home"
    folder.mkdir()
    first = (sys.executable, "-S", "-c", FILL)
    return FreshHome(
        folder=folder, kept=tmp_path / "kept" / "base" / "x", first=first, env={"PATH": os.defpath}
    )


@pytest.fixture
def taker() -> Iterator[RoundTaker]:
    with Launcher(Isolation(network="open")) as launcher:
        yield RoundTaker(launcher, (), seed=1)


def content(folder: Path) -> dict[str, str]:
    return {
        str(one.relative_to(folder)): one.read_text()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def test_home_is_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    (folder / "folder" / "deep").mkdir(parents=True)
    (folder / "file").touch()
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    FreshHome(folder=folder, kept=tmp_path / "kept").renew(())
    assert not list(folder.iterdir())
    assert (tmp_path / "elsewhere").is_dir()


def test_home_is_as_the_first_process_left_it(home: FreshHome, tmp_path: Path) -> None:
    home.renew(())
    before = content(home.folder)
    assert before == {f"deep/er/{n}": str(n) for n in range(5)}
    (home.folder / "deep" / "er" / "1").unlink()
    (home.folder / "deep" / "er" / "2").rename(home.folder / "two")
    (home.folder / "deep" / "er" / "new").write_text("3")
    (home.folder / "deep" / "er" / "new").replace(home.folder / "deep" / "er" / "3")
    (home.folder / "stderr").touch()
    home.renew(())
    assert content(home.folder) == before
    assert (home.folder / "deep" / "link").is_symlink()
    assert (tmp_path / "runs").read_text() == "once"


def test_home_holds_a_copy_of_a_folder(home: FreshHome, tmp_path: Path) -> None:
    source = tmp_path / "project"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "one.txt").write_text("1")
    copied = replace(home, first=(), source=source, inside=home.folder / "work")
    for _ in range(2):
        copied.renew(())
        assert content(home.folder) == {"work/inner/one.txt": "1"}
        (home.folder / "work" / "left").touch()
    (home.folder / "work" / "inner" / "one.txt").write_text("2")
    with pytest.raises(HomeError, match="wrote into"):
        copied.renew(())
    assert (source / "inner" / "one.txt").read_text() == "1"


def test_writing_into_a_kept_file_is_noticed(home: FreshHome) -> None:
    home.renew(())
    with (home.folder / "deep" / "er" / "4").open("a") as file:
        file.write("more")
    with pytest.raises(HomeError, match=r"wrote into a file of its prepared HOME: deep/er/4"):
        home.renew(())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit('no way')", r"^preparing HOME: exit status 1: no way$"),
        ("import time; time.sleep(60)", r"^preparing HOME: ran into its time-out$"),
    ],
)
def test_a_first_process_that_fails(home: FreshHome, code: str, message: str) -> None:
    first = (sys.executable, "-S", "-c", code)
    failing = replace(home, first=first, timeout_s=1.0)
    with pytest.raises(HomeError, match=message):
        failing.renew(())
    assert not home.kept.exists()


def test_daemon_of_a_first_process_is_ended(home: FreshHome, tmp_path: Path) -> None:
    line = "setsid sleep 4251 & echo $! >../pid"
    replace(home, first=("/bin/sh", "-c", line)).renew(())
    assert ends(int((tmp_path / "pid").read_text()), 2)


@pytest.mark.parametrize("design", Design)
def test_every_process_of_a_round_gets_it(
    taker: RoundTaker, tmp_path: Path, design: Design
) -> None:
    """Each process fails unless it finds `seed`, and nothing else."""
    sides = []
    for side in Side:
        folder = tmp_path / side
        folder.mkdir()
        home = FreshHome(
            folder=folder,
            kept=tmp_path / "kept" / side,
            first=("/bin/sh", "-c", "echo 1 > seed"),
            env={},
        )
        started = shell(folder, 'test "$(ls | grep -v stderr)" = seed && rm seed && echo 2 > other')
        sides.append(replace(started, home=home))
    both = Sides(Benchmark(name="x", command=("x",)), *sides)
    for index in range(3):
        taker.take(both, design, index, pin=False)
    for side in Side:
        assert (tmp_path / side / "other").exists()  # it is renewed before a process, not after


def test_a_side_that_cannot_be_prepared_is_named(taker: RoundTaker, tmp_path: Path) -> None:
    fine = shell(tmp_path, ":")
    home = FreshHome(
        folder=tmp_path / "home", kept=tmp_path / "kept", first=("/bin/sh", "-c", "exit 7"), env={}
    )
    home.folder.mkdir()
    both = Sides(Benchmark(name="x", command=("x",)), fine, replace(fine, home=home))
    with pytest.raises(RoundFailedError, match="preparing HOME: exit status 7") as failed:
        taker.take(both, Design.DUET, 0, pin=False)
    assert failed.value.sides == (Side.HEAD,)
