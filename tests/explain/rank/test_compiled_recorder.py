"""The recorder is compiled before anything is counted: else every counted process does it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.explain.rank.recording import compile_recorder

RECORDER = Path(__file__).parents[3] / "bench" / "explain" / "agents" / "import_graph"


def reads_compiled(folder: Path) -> bool:
    """Whether a measured process, which writes no compiled files, finds one of the recorder's."""
    env = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "BENCH_RECORDER_STILL": "1"}
    done = subprocess.run(
        [sys.executable, "-v", "-c", "pass"], env=env, capture_output=True, text=True, check=True
    )
    return f"matches {folder / 'sitecustomize.py'}" in done.stderr


def test_no_counted_process_compiles_the_recorder(tmp_path: Path) -> None:
    folder = tmp_path / "recorder"
    folder.mkdir()
    shutil.copyfile(RECORDER / "sitecustomize.py", folder / "sitecustomize.py")
    assert not reads_compiled(folder)
    compile_recorder(Path(sys.executable), folder)
    assert reads_compiled(folder)
    with (folder / "sitecustomize.py").open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert not reads_compiled(folder)
    compile_recorder(Path(sys.executable), folder)
    assert reads_compiled(folder)
