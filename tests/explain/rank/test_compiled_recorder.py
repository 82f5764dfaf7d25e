"""The recorder is compiled before anything is counted: else every counted process does it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.explain.rank.recording import compile_recorder

RECORDER = Path(__file__).parents[3] / "bench" / "explain" / "agents" / "import_graph"
# what is set → the module that records, beside `sitecustomize`
WAYS = {
    "BENCH_RECORDER_STILL": None,
    "BENCH_RECORDER_OWN": "bench_import_places",
    "BENCH_RECORDER_TOP": "bench_import_times",
    "": "bench_import_times",
}
SHOW = "import sys; print(sorted(one for one in sys.modules if one.startswith('bench')))"


def run(folder: Path, way: str) -> subprocess.CompletedProcess[str]:
    """A measured process, which writes no compiled files."""
    env = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    if way:
        env[way] = "/own"
    if WAYS[way]:
        env["BENCH_RECORDER"] = str(folder / "recorded")
        (folder / "recorded").unlink(missing_ok=True)
    return subprocess.run(
        [sys.executable, "-v", "-c", SHOW], env=env, capture_output=True, text=True, check=True
    )


def reads_compiled(folder: Path, way: str) -> bool:
    """Whether such a process finds a compiled file of each part of the recorder that it loads."""
    said = run(folder, way).stderr
    parts = filter(None, ("sitecustomize", WAYS[way]))
    return all(f"matches {folder / part}.py" in said for part in parts)


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """The recorder in a folder of its own, not compiled yet."""
    folder = tmp_path / "recorder"
    folder.mkdir()
    for file in RECORDER.glob("*.py"):
        shutil.copyfile(file, folder / file.name)
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_no_counted_process_compiles_the_recorder(recorder: Path, way: str) -> None:
    assert not reads_compiled(recorder, way)
    compile_recorder(Path(sys.executable), recorder)
    assert reads_compiled(recorder, way)
    part = WAYS[way] or "sitecustomize"
    with (recorder / f"{part}.py").open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert not reads_compiled(recorder, way)
    compile_recorder(Path(sys.executable), recorder)
    assert reads_compiled(recorder, way)


@pytest.mark.parametrize("way", WAYS)
def test_the_recorder_leaves_no_module_behind(recorder: Path, way: str) -> None:
    """What it is made of would be taken for the program's own."""
    assert ast.literal_eval(run(recorder, way).stdout) == []
    if WAYS[way]:
        told = (recorder / "recorded").read_text(encoding="ascii")
        assert told
        assert "bench_import" not in told
