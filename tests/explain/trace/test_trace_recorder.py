"""The recorder in a program: what it notes, and that the program does not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.tracing import inside_of, trace_program

from bench.explain.trace.left import stop_left_behind
from bench.explain.trace.path import Layer, path_of
from bench.explain.trace.phases import account_of
from bench.explain.trace.recording import read_recording, recorder_in

QUIET = """
import json, os, pickle, subprocess, sys, threading, time, traceback, warnings
class Retrier:
    pause = time.sleep          # a built-in function does not bind
Retrier().pause(0.001)
assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep
assert pickle.loads(pickle.dumps(json.dumps)) is json.dumps
assert json.loads(json.dumps({"a": 1})) == {"a": 1}
assert time.sleep.__name__ == "sleep"
try:
    time.sleep("x")
except TypeError as error:
    print(error)
try:
    import not_there_at_all
except ImportError:
    print([frame.name for frame in traceback.extract_tb(sys.exc_info()[2])])
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True).stdout)
try:
    subprocess.run(["/not/there"])
except FileNotFoundError as error:
    print(error)
thread = threading.Thread(target=lambda: print("in a thread"))
thread.start()
thread.join()
print(sorted(name for name in sys.modules if "bench" in name or name == "argparse"))
print(sys.getprofile(), threading.active_count(), sys.stdin is not None)
sys.exit(3)
"""


def test_a_program_does_not_notice(tmp_path: Path) -> None:
    traced = trace_program(tmp_path, QUIET, check=False)
    bare = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (traced.status, bare.returncode) == (3, 3)
    assert traced.stdout == bare.stdout
    assert traced.stderr == bare.stderr


def test_what_is_noted(tmp_path: Path) -> None:
    traced = trace_program(tmp_path, QUIET, check=False)
    root, child = traced.recorded
    kinds = [span.kind for span in root.spans]
    assert kinds.count("spawn") == 2  # one of them came to nothing
    assert kinds.count("thread") == 1
    sleeps = [span for span in root.spans if span.kind == "sleep"]
    assert [span.failed for span in sleeps] == ["", "TypeError"]
    # Two calls: told one by one where they took long, and together where they did not.
    assert root.short.get("json", (0, 0))[0] + kinds.count("json") >= 2
    assert any(span.kind == "import" and span.detail == ("json",) for span in root.spans)
    assert child.parent == root.pid
    assert child.argv[-1] == "print(6 * 7)"
    for one in (root, child):
        assert one.site < one.main < one.last
        assert one.told["how"] == "exit"
        assert one.file_calls["syscr"] > 0


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_however_it_ends(tmp_path: Path, ending: str) -> None:
    program = f"import os, signal, time\ntime.sleep(0.3)\ntime.sleep(0.01)\n{ending}\n"
    traced = trace_program(tmp_path, program, check=False)
    (root,) = traced.recorded
    assert any(span.kind == "sleep" for span in root.spans)
    assert bool(root.told) is ending.startswith("os._exit")


def test_forks_and_new_programs(tmp_path: Path) -> None:
    program = """
import os, sys, time
child = os.fork()
if not child:
    time.sleep(0.02)
    os._exit(0)
os.waitpid(child, 0)
os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(0.02)"])
"""
    traced = trace_program(tmp_path, program)
    root, forked, became = traced.recorded
    assert (forked.how, became.how) == ("fork", "exec")
    assert became.pid == root.pid
    names = [process.pid for process in traced.timeline.processes]
    assert sorted(names) == sorted([root.pid, forked.pid, root.pid])
    sleeps = [[s for s in one.spans if s.kind == "sleep"] for one in traced.recorded]
    assert [len(one) for one in sleeps] == [0, 1, 1]


def test_a_program_that_forbids_itself_to_open_files(tmp_path: Path) -> None:
    """What is written down goes on all the same, and nothing of it reaches the program."""
    program = """
import sys, time
def forbid(event, _arguments):
    if event == "open" and started:
        raise RuntimeError("no files now")
started = False
sys.addaudithook(forbid)
started = True
for _ in range(3):
    time.sleep(0.3)
started = False
"""
    traced = trace_program(tmp_path, program)
    (root,) = traced.recorded
    assert [span.kind for span in root.spans].count("sleep") == 3
    assert root.told


def test_a_child_that_is_killed_while_it_works(tmp_path: Path) -> None:
    """Its parent reads what it used before it sends the signal."""
    program = """
import subprocess, sys
try:
    subprocess.run([sys.executable, "-c", "while True: pass"], timeout=1)
except subprocess.TimeoutExpired:
    pass
"""
    traced = trace_program(tmp_path, program)
    account = account_of(traced.timeline, path_of(traced.timeline))
    worked = inside_of(account)["python -c", Layer.OWN_CODE] + inside_of(account).get(
        ("python -c", Layer.FOR_CPU), 0.0
    )
    assert len(traced.timeline.processes) == 2
    assert worked > 5 * inside_of(account).get(("python -c", Layer.UNEXPLAINED), 0.0)


def test_half_a_file_is_read(tmp_path: Path) -> None:
    trace_program(tmp_path, "import json\n")
    (folder,) = tmp_path.glob("told-*")
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    (root,) = read_recording(folder)
    assert not root.told
    (folder / "1.0").write_bytes(b"")
    assert len(read_recording(folder)) == 1


def test_what_is_left_behind_is_stopped(tmp_path: Path) -> None:
    recorder_in(tmp_path / "recorder")
    told = tmp_path / "told"
    told.mkdir()
    variables = {"PYTHONPATH": str(tmp_path / "recorder"), "BENCH_TRACE": str(told)}
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(4243)"],
        env={**os.environ, **variables}, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        (notice,) = stop_left_behind(read_recording(told))
        assert "python -c" in notice
        assert process.wait(timeout=10) == -signal.SIGKILL
    assert stop_left_behind(read_recording(told)) == []
    time.sleep(0)
