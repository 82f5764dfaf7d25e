"""The program in the subject's interpreter, and what is read of what it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.told import read_literal
from bench.explain.profile.frames import Frame, Namer
from bench.explain.profile.functions import Profile, called
from bench.explain.profile.memory import read_capture
from bench.explain.profile.objects import ToldObjects, growth
from bench.explain.profile.processes import NotProfiledError
from bench.explain.profile.system import files_by_folder

INSIDE = Path(__file__).parents[3] / "bench" / "explain" / "agents" / "profiler"
NAMER = Namer("sample", {"sample"})

PROGRAM = """
import sys
class Thing:
    pass
def make(count):
    return [Thing() for _ in range(count)]
def often():
    pass
kept = make(20000)
for _ in range(40):
    often()
assert sys.argv[1:] == ["a", "b"]
{ending}
"""


def run(mode: str, folder: Path, ending: str = "", **variables: str) -> list[Path]:
    """Run the program in one mode; returns the files that were written."""
    script = folder / "program.py"
    script.write_text(PROGRAM.format(ending=ending), encoding="utf-8")
    told = folder / "told"
    told.mkdir()
    subprocess.run(
        [sys.executable, str(script), "a", "b"],
        env={**os.environ, "PYTHONPATH": str(INSIDE), "BENCH_PROFILE": f"{mode}:{told}"}
        | variables,
        check=True,
        timeout=60,
    )
    return sorted(told.iterdir())


@pytest.mark.parametrize("ending", ["", "import os; os._exit(0)", "sys.exit(0)"])
def test_calls_are_counted_however_it_ends(tmp_path: Path, ending: str) -> None:
    (file,) = run("functions", tmp_path, ending)
    found = called(read_literal(file, Profile), NAMER)
    assert found[Frame("often()", "program.py", "script")].calls == 40
    assert found[Frame("make()", "program.py", "script")].calls == 1
    assert not any("cProfile" in frame.module for frame in found)


def test_objects_that_stay(tmp_path: Path) -> None:
    (file,) = run("objects", tmp_path)
    found = growth(*read_literal(file, ToldObjects))
    assert found.kinds["__main__.Thing"].count == 20000
    assert found.kinds["__main__.Thing"].size > 20000 * 16
    assert not found.kinds["__main__.Thing"].held
    assert not found.problem


_HOLDING = """\
class Table:
    rows = {"first": [Thing() for _ in range(30)]}
    def __init__(self):
        self.cells = [Thing() for _ in range(10)]
table = Table()
assert "objgraph" not in sys.modules
"""


def test_ways_by_which_modules_hold_objects(tmp_path: Path) -> None:
    objgraph = pytest.importorskip("objgraph")
    support = str(Path(objgraph.__file__).parent)
    (file,) = run("objects", tmp_path, _HOLDING, BENCH_SUPPORT=support)
    found = growth(*read_literal(file, ToldObjects))
    assert not found.problem
    (held,) = found.kinds["__main__.Thing"].held
    assert (held.module, held.names) == ("__main__", ("kept",))
    (made,) = found.kinds["__main__.Table"].held
    assert (made.module, made.names) == ("__main__", ("table",))


def test_a_way_leads_through_classes_and_instances(tmp_path: Path) -> None:
    objgraph = pytest.importorskip("objgraph")
    support = str(Path(objgraph.__file__).parent)
    (file,) = run("objects", tmp_path, f"{_HOLDING}del kept", BENCH_SUPPORT=support)
    found = growth(*read_literal(file, ToldObjects))
    (held,) = found.kinds["__main__.Thing"].held
    assert (held.names, round(held.count)) == (("Table", "table"), 40)


def test_without_a_working_objgraph_objects_are_counted_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "objgraph.py").write_text("raise ImportError('not today')", encoding="utf-8")
    (file,) = run("objects", tmp_path, BENCH_SUPPORT=str(tmp_path))
    found = growth(*read_literal(file, ToldObjects))
    assert found.kinds["__main__.Thing"].count == 20000
    assert "not today" in found.problem


def test_memray_leaves_no_module_behind(tmp_path: Path) -> None:
    memray = pytest.importorskip("memray")
    support = str(Path(memray.__file__).parents[1])
    ending = "known = set(sys.modules); assert not known & {'rich', 'memray', 're', 'dataclasses'}"
    (file,) = run("memory", tmp_path, ending, BENCH_SUPPORT=support)
    memory = read_capture(file, NAMER)
    assert memory.peak > 0
    assert memory.allocated[Frame("make()", "program.py", "script")] > 20000 * 16
    assert any(frame.name == "make()" for stack in memory.at_peak for frame in stack)


def test_files_by_folder() -> None:
    log = (
        '12 openat(AT_FDCWD, "/v/lib/a.py", O_RDONLY) = 3\n'
        '12 newfstatat(AT_FDCWD, "/v/lib/b", 0x7f, 0) = -1 ENOENT (No such file or directory)\n'
        'execve("/usr/bin/env", ["env"], 0x7 /* 9 vars */) = 0\n'
        "12 +++ exited with 0 +++\n"
    )
    folders, missing = files_by_folder(log, [(Path("/v"), "<environment>")])
    assert folders == {"<environment>/lib": 2, "/usr/bin": 1}
    assert missing == {"<environment>/lib": 1}


def test_capture_that_is_none(tmp_path: Path) -> None:
    pytest.importorskip("memray")
    (tmp_path / "1.memray").write_bytes(b"memray\0" + bytes(200))
    with pytest.raises(NotProfiledError, match="memray's capture can't be read"):
        read_capture(tmp_path / "1.memray", NAMER)
