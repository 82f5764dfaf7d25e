"""Tools end when they are to end, with everything they have started; nobody waits in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.launching import ends, is_running

from bench.core.errors import DataError
from bench.core.lock import exclusive
from bench.core.process import Finished, run_tool

ROOT = Path(__file__).parents[2]
# Starts a daemon (a session of its own, orphaned, with our output open), and writes down its id.
DAEMON = "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork(): os._exit(0)\n"
DAEMON += " open({file!r}, 'w').write(str(os.getpid()))\n time.sleep(600)\n"
DAEMON += "while not (os.path.exists({file!r}) and os.path.getsize({file!r})): time.sleep(.01)\n"
DAEMON += "print('said before', flush=True)\n"


def daemon(file: Path, then: str) -> list[str]:
    return [sys.executable, "-c", DAEMON.format(file=str(file)) + then]


def test_time_out_holds_for_daemons(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run_tool(daemon(tmp_path / "pid", "time.sleep(600)"), timeout_s=2)
    assert time.monotonic() - started < 60
    assert done.status is None
    assert "said before" in done.stdout
    assert ends(int((tmp_path / "pid").read_text()), 2)


def test_daemon_left_behind_is_ended_and_named(tmp_path: Path) -> None:
    done = run_tool(daemon(tmp_path / "pid", "os._exit(3)"))
    assert done.status == 3
    assert ends(int((tmp_path / "pid").read_text()), 2)
    assert "exit status 3 (ended what it had left running: " in done.describe()


def test_tool_of_milliseconds_is_not_waited_for_either() -> None:
    done = run_tool(["sh", "-c", "echo said; setsid sleep 3 & exit 0"], guarded=False)
    assert done == Finished(command=done.command, status=0, stdout="said\n", stderr="")


@pytest.mark.parametrize("guarded", [True, False])
def test_missing(tmp_path: Path, *, guarded: bool) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-tool"):
        run_tool(["no-such-tool"], guarded=guarded)
    with pytest.raises(FileNotFoundError):
        run_tool(["true"], cwd=tmp_path / "nowhere", guarded=guarded)


@pytest.mark.parametrize("guarded", [True, False])
def test_place_variables_and_output(tmp_path: Path, *, guarded: bool) -> None:
    line = 'pwd; printf "%s\\r\\n" "$GIVEN"; echo oops >&2; env | wc -l'
    env = {"GIVEN": "ä", "PATH": os.environ["PATH"], "PWD": "x"}
    done = run_tool(["sh", "-c", line], cwd=tmp_path, env=env, guarded=guarded)
    assert done.stdout.split("\n")[:2] == [str(tmp_path), "ä"]
    assert done.stderr == "oops\n"
    assert done.ok


def _with_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_outlives_the_harness(tmp_path: Path, number: signal.Signals) -> None:
    command = daemon(tmp_path / "pid", f"open({str(tmp_path / 'own')!r}, 'w').write('x'); ")
    command[-1] += "time.sleep(600)"
    code = f"from bench.core.process import run_tool; run_tool({command!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=_with_signals,  # noqa: PLW1509
    )
    wait_until((tmp_path / "own").exists)
    process.send_signal(number)
    process.wait()
    assert ends(int((tmp_path / "pid").read_text()), 2)


def wait_until(condition: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def holding(file: Path) -> subprocess.Popen[str]:
    """A process that holds a lock until its standard input ends."""
    code = "import sys; from pathlib import Path; from bench.core.lock import exclusive\n"
    code += f"with exclusive(Path({str(file)!r})): print('held', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_waiting_for_a_lock_is_said_with_its_holder(tmp_path: Path) -> None:
    code = "from pathlib import Path; from bench.core.lock import exclusive\n"
    code += f"with exclusive(Path({str(tmp_path / 'a.lock')!r}), wait=True): print('mine')"
    with holding(tmp_path / "a.lock") as holder:
        said = rf"in use by process {holder.pid} \(python -c .* since"
        with pytest.raises(DataError, match=said):
            exclusive(tmp_path / "a.lock").__enter__()
        waiter = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert waiter.stderr is not None
        told = waiter.stderr.readline()
        assert f"bench: waiting for {tmp_path / 'a'}, in use by process {holder.pid}" in told
        assert is_running(waiter.pid)
        holder.communicate("")
        assert waiter.communicate() == ("mine\n", "")


def test_waiting_can_be_interrupted(tmp_path: Path) -> None:
    code = "from pathlib import Path; from bench.core.lock import exclusive\n"
    code += f"with exclusive(Path({str(tmp_path / 'a.lock')!r}), wait=True): pass"
    with holding(tmp_path / "a.lock") as holder:
        with subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, text=True, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        ) as waiter:  # fmt: skip
            assert waiter.stderr is not None
            assert "waiting for" in waiter.stderr.readline()
            waiter.send_signal(signal.SIGINT)
            assert "KeyboardInterrupt" in waiter.communicate(timeout=20)[1]
        holder.communicate("")


def test_tool_that_waits_for_a_lock_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """uv and its cache, for one: what holds the lock may hang for hours."""
    lock = tmp_path / "cache.lock"
    with holding(lock) as holder:
        done = run_tool(["flock", lock, "true"], timeout_s=2.5)
        holder.communicate("")
    assert done.status is None
    told = capsys.readouterr().err
    assert f"flock {lock} true waits for a lock that process {holder.pid} (" in told
