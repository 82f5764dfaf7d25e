"""The launcher starts, pins, times out and accounts for real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.bare import BARE, OPEN, sandboxed
from support.launching import is_running, left_in, python, shell
from support.sandbox import ROOT

from bench.core.sample import Sample
from bench.core.workspace import find_workspace
from bench.engine.measure.client import (
    Invocation,
    Launcher,
    LauncherError,
    Outcome,
)
from bench.engine.sandbox.access import Access
from bench.engine.sandbox.isolation import Isolation, _network_namespace, isolate

MIB = 2**20
Run = Callable[..., list[Outcome]]

SLEEPING_FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["/bin/sh", "-c", "sleep 4244 & echo $! >> pids; wait"])
with open("pids", "a") as file: file.write(f"{os.getpid()}\\n{child.pid}\\n")
time.sleep(float(sys.argv[1]))
"""
INTERVAL = """
import sys, time
began = time.monotonic()
time.sleep(0.2)
open(sys.argv[1], "w").write(f"{began} {time.monotonic()}")
"""


@pytest.fixture(params=["bare", "sandbox"])
def launcher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Launcher]:
    """All of it holds with a launcher for both sides, and with one a sandbox."""
    isolation = BARE if request.param == "bare" else sandboxed(tmp_path)
    with Launcher(isolation) as started:
        yield started


@pytest.fixture
def run(launcher: Launcher) -> Run:
    def started(
        *sides: Invocation,
        together: bool = False,
        hash_seed: int = 0,
        timeout_s: float = 60.0,
        cpu: int | None = None,
    ) -> list[Outcome]:
        return launcher.run(
            sides, together=together, hash_seed=hash_seed, timeout_s=timeout_s, cpu=cpu
        )

    return started


def sample(outcome: Outcome) -> Sample:
    assert outcome.sample is not None
    return outcome.sample


def family(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "pids").read_text(encoding="utf-8").split()]


def test_peak_memory(run: Run, tmp_path: Path) -> None:
    (outcome,) = run(python(tmp_path, "b = bytearray(200 * 2**20)"))
    assert 200 * MIB <= sample(outcome).peak_rss_bytes < 300 * MIB


def test_peak_memory_is_not_that_of_the_harness(tmp_path: Path) -> None:
    """`wait4` tells of a child at least its parent's peak: the launcher is a small parent."""
    ballast = bytearray(300 * MIB)
    with Launcher(Isolation(network="open")) as launcher:
        (outcome,) = launcher.run(
            [shell(tmp_path, ":")], together=False, hash_seed=0, timeout_s=60, cpu=None
        )
    assert sample(outcome).peak_rss_bytes < 40 * MIB
    assert len(ballast) == 300 * MIB


def test_cpu_time_of_a_waited_for_child_counts(run: Run, tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {burn!r}])"
    (outcome,) = run(python(tmp_path, code))
    assert sample(outcome).cpu_s >= 0.4
    assert sample(outcome).wall_s >= 0.4


def test_sleeping_costs_wall_time_only(run: Run, tmp_path: Path) -> None:
    (outcome,) = run(shell(tmp_path, "sleep 0.5"))
    assert sample(outcome).wall_s >= 0.5
    assert sample(outcome).cpu_s < 0.25


def test_counters_are_there(run: Run, tmp_path: Path) -> None:
    code = "import time\nfor _ in range(20): time.sleep(0.001)"
    (outcome,) = run(python(tmp_path, code))
    found = sample(outcome)
    assert found.minor_faults > 0
    assert found.voluntary_switches >= 20
    assert found.run_queue_s is None or 0 <= found.run_queue_s <= found.wall_s


@pytest.mark.parametrize(
    ("line", "status"), [(":", 0), ("exit 3", 3), ("kill -9 $$", -9), ("kill -6 $$", -6)]
)
def test_exit_status(run: Run, tmp_path: Path, line: str, status: int) -> None:
    (outcome,) = run(shell(tmp_path, line))
    assert outcome.status == status
    assert sample(outcome).wall_s > 0


def test_time_out_kills_the_whole_group(run: Run, tmp_path: Path) -> None:
    hung, fine = run(python(tmp_path, SLEEPING_FAMILY, "4244"), shell(tmp_path, ":"), timeout_s=1.5)
    assert (hung.status, fine.status) == (None, None)  # the second one did not even start
    assert len(family(tmp_path)) == 3
    assert left_in(tmp_path) == []
    (after,) = run(shell(tmp_path, ":"))
    assert after.status == 0


def test_time_out_of_one_of_two_together(run: Run, tmp_path: Path) -> None:
    hung, fine = run(
        python(tmp_path, SLEEPING_FAMILY, "4244"),
        shell(tmp_path, ":"),
        together=True,
        timeout_s=1.5,
    )
    assert (hung.status, fine.status) == (None, 0)
    assert left_in(tmp_path) == []


def test_what_a_process_leaves_behind_is_killed(run: Run, tmp_path: Path) -> None:
    """It would otherwise run beside the next round."""
    (outcome,) = run(python(tmp_path, SLEEPING_FAMILY, "0.3"))
    assert outcome.status == 0
    assert len(family(tmp_path)) == 3
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("lasts_s", "status"), [("0.3", 0), ("4244", None)])
def test_daemons_end_with_their_round(
    run: Run, tmp_path: Path, lasts_s: str, status: int | None
) -> None:
    """In a session of their own they are in no process group that could be killed."""
    code = "import subprocess, sys, time\n"
    code += "subprocess.run(['setsid', '--fork', 'sleep', '4245'], check=True)\n"
    code += "time.sleep(float(sys.argv[1]))"
    (outcome,) = run(python(tmp_path, code, lasts_s), timeout_s=2)
    assert outcome.status == status
    assert left_in(tmp_path) == []


def test_interruption_kills_what_is_measured(tmp_path: Path) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        side = python(tmp_path, SLEEPING_FAMILY, "4244")
        with pytest.raises(KeyboardInterrupt), Launcher(Isolation(network="open")) as launcher:
            launcher.run([side], together=False, hash_seed=0, timeout_s=60, cpu=None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("together", [False, True])
def test_together_and_in_turn(run: Run, tmp_path: Path, together: bool) -> None:  # noqa: FBT001
    run(*(python(tmp_path, INTERVAL, name) for name in ("one", "two")), together=together)
    began_1, ended_1, began_2, ended_2 = (
        float(word) for name in ("one", "two") for word in (tmp_path / name).read_text().split()
    )
    overlap = began_1 < ended_2 and began_2 < ended_1
    assert overlap is together


BURN = """
import subprocess, sys, time
if len(sys.argv) > 2:  # children do it, one after the other
    for _ in range(4): subprocess.run([sys.executable, "-S", "-c", sys.argv[2], sys.argv[1]])
while len(sys.argv) < 3 and time.process_time() < float(sys.argv[1]): pass
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="nothing to wait with")
@pytest.mark.parametrize("by_children", [False, True])
@pytest.mark.parametrize("longer", [0, 1])
def test_time_alone_of_the_side_that_ends_last(
    run: Run,
    tmp_path: Path,
    by_children: bool,  # noqa: FBT001
    longer: int,
) -> None:
    """What living processes and those waited for have used at that moment is taken off."""
    busy = [BURN] if by_children else []
    sides = [
        python(tmp_path, BURN, "0.1" if by_children else "0.4", *busy),
        python(tmp_path, BURN, "0.025" if by_children else "0.1", *busy, SIDE="other"),
    ]
    sides = [replace(sides[1], access=other(sides[1])), sides[0]][:: 1 if longer else -1]
    found = [sample(one) for one in run(*sides, together=True, cpu=max(os.sched_getaffinity(0)))]
    shared_s = found[1 - longer].cpu_s
    assert found[1 - longer].alone_s == 0
    alone_s = found[longer].alone_s
    assert alone_s is not None
    # Base and head need not have had quite the same share of the core, nor started at once.
    rest_s = found[longer].cpu_s - shared_s
    assert 0.6 * rest_s < alone_s < rest_s + 0.8 * shared_s


def other(side: Invocation) -> Access:
    """So that it gets a sandbox of its own."""
    return replace(side.access, read=(*side.access.read, Path("/usr/other")))


def test_who_runs_by_itself_has_no_time_alone(run: Run, tmp_path: Path) -> None:
    found = run(shell(tmp_path, ":"), shell(tmp_path, "true"))
    assert [sample(one).alone_s for one in found] == [None, None]


def test_both_end_at_once(run: Run, tmp_path: Path) -> None:
    """Nothing of one round is taken for news in the next."""
    for _ in range(10):
        ends = run(shell(tmp_path, ":"), shell(tmp_path, "true"), together=True)
        assert 0 in [sample(one).alone_s for one in ends]
    long = python(tmp_path, "import time\nwhile time.process_time() < 0.2: pass")
    used = sample(run(shell(tmp_path, ":"), long, together=True)[1])
    assert used.alone_s is not None
    assert 0.1 < used.alone_s <= used.cpu_s


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_both_are_pinned_to_the_core_and_the_launcher_moves_back(run: Run, tmp_path: Path) -> None:
    ours = sorted(os.sched_getaffinity(0))
    code = "import os, sys; open(sys.argv[1], 'w').write(str(sorted(os.sched_getaffinity(0))))"
    for cpu, wanted in ((ours[-1], [ours[-1]]), (ours[0], [ours[0]]), (None, ours)):
        run(*(python(tmp_path, code, name) for name in ("one", "two")), together=True, cpu=cpu)
        assert {(tmp_path / name).read_text() for name in ("one", "two")} == {str(wanted)}


def test_environment_is_what_was_given_and_the_padded_seed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_SECRET_TOKEN", "hunter2")
    code = "import os; print(sorted(dict(os.environ).items()))"
    side = python(tmp_path, code, LC_ALL="C.UTF-8", OWN="1")
    for seed, told in ((7, "0000000007"), (2**32 - 1, "4294967295")):
        run(side, hash_seed=seed)
        assert eval((tmp_path / "stdout").read_text()) == [
            ("LC_ALL", "C.UTF-8"), ("OWN", "1"), ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("PYTHONHASHSEED", told),
        ]  # fmt: skip


def test_seed_is_used(run: Run, tmp_path: Path) -> None:
    code = "print(hash('benchmark'))"
    given = python(tmp_path, code)
    side = replace(given, argv=(given.argv[0], "-c", code), env={})

    def hashed(seed: int) -> str:
        assert run(side, hash_seed=seed)[0].status == 0
        return (tmp_path / "stdout").read_text(encoding="utf-8")

    assert hashed(1) == hashed(1) != hashed(2)


def test_descriptors(run: Run, tmp_path: Path) -> None:
    """Nothing to read, a file each for output and errors, a third one to write, no other."""
    code = (
        "import os, sys\n"
        "print(repr(sys.stdin.read())); print('oh', file=sys.stderr); os.write(3, b'three')\n"
        "print([fd for fd in range(4, 64) if os.path.exists(f'/proc/self/fd/{fd}')])\n"
    )
    given = python(tmp_path, code)
    side = replace(given, extra=str(tmp_path / "3"))
    assert run(side)[0].status == 0
    output = (tmp_path / "stdout").read_text(encoding="utf-8").splitlines()
    assert (output[0], output[1]) == ("''", "[]")
    assert (tmp_path / "stderr").read_text(encoding="utf-8") == "oh\n"
    assert (tmp_path / "3").read_bytes() == b"three"


def test_option_that_tells_the_core(tmp_path: Path) -> None:
    side = Invocation(argv=("/bin/worker",), env={}, cwd=tmp_path, affinity="--affinity")
    assert side.as_request(1, 3)["argv"] == ["/bin/worker", "--affinity=3"]
    assert side.as_request(1, None)["argv"] == ["/bin/worker"]


BAD_STARTS = {
    "no such program": lambda folder: Invocation(argv=("/nowhere/at/all",), env={}, cwd=folder),
    "no such folder": lambda folder: Invocation(argv=("/bin/true",), env={}, cwd=folder / "gone"),
    "no program": lambda folder: Invocation(argv=(str(folder),), env={}, cwd=folder),
    "nowhere to write": lambda folder: Invocation(
        argv=("/bin/true",), env={}, cwd=folder, stdout=folder / "no" / "x"
    ),
}


@pytest.mark.parametrize("case", BAD_STARTS)
@pytest.mark.parametrize("together", [False, True])
def test_process_that_cannot_be_started(
    run: Run,
    tmp_path: Path,
    case: str,
    together: bool,  # noqa: FBT001
) -> None:
    """The launcher says so, ends what it had started, and goes on."""
    first = python(tmp_path, SLEEPING_FAMILY, "4244" if together else "0")
    with pytest.raises(LauncherError):
        run(first, BAD_STARTS[case](tmp_path), together=together)
    for _ in range(2):
        outcomes = run(shell(tmp_path, "exit 4"), shell(tmp_path, "exit 5"), together=together)
        assert [outcome.status for outcome in outcomes] == [4, 5]


def test_launcher_that_was_killed(launcher: Launcher, run: Run, tmp_path: Path) -> None:
    (outcome,) = run(shell(tmp_path, ":"))
    (worker,) = launcher._workers.values()
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(LauncherError, match="the launcher process has died") as caught:
        run(shell(tmp_path, ":"))
    assert caught.value.dead
    assert [outcome.status for outcome in run(shell(tmp_path, ":"))] == [outcome.status] == [0]


def test_a_process_that_fills_the_disk_is_stopped(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(free=2**20)
    monkeypatch.setattr("bench.engine.measure.client.shutil.disk_usage", lambda _folder: full)
    with pytest.raises(LauncherError, match="less than 512 MiB of the disk are free"):
        run(shell(tmp_path, "sleep 4245"))
    assert left_in(tmp_path) == []
    monkeypatch.undo()
    assert run(shell(tmp_path, ":"))[0].status == 0


def test_launcher_ends_with_its_harness(tmp_path: Path) -> None:
    """kill -9 of the harness closes the pipe."""
    with Launcher(Isolation(network="open")) as launcher:
        launcher.run([shell(tmp_path, ":")], together=False, hash_seed=0, timeout_s=9, cpu=None)
        (process,) = [worker._process for worker in launcher._workers.values()]
        assert is_running(process.pid)
    assert process.returncode == 0


HARNESS = """
import sys
from pathlib import Path
from support.bare import BARE, sandboxed
from support.launching import python
from bench.engine.measure.client import Launcher
folder = Path(sys.argv[2])
code = "import subprocess, time; subprocess.run(['setsid', '--fork', 'sleep', '4246']);"
code += "open('there', 'w'); time.sleep(4246)"
with Launcher(BARE if sys.argv[1] == "bare" else sandboxed(folder)) as launcher:
    launcher.run([python(folder, code)], together=False, hash_seed=0, timeout_s=9999, cpu=None)
"""


@pytest.mark.parametrize("how", ["bare", "sandbox"])
def test_all_ends_with_a_killed_harness(tmp_path: Path, how: str) -> None:
    if how == "sandbox":
        sandboxed(tmp_path)
    folders = f"{ROOT}:{ROOT / 'tests'}"
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, how, tmp_path], env=os.environ | {"PYTHONPATH": folders}
    ) as harness:
        deadline = time.monotonic() + 60
        while not (tmp_path / "there").exists():
            assert harness.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        harness.kill()
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("how", ["bare", "sandbox"])
def test_network_is_cut_off(tmp_path: Path, how: str) -> None:
    cut_off = BARE if how == "bare" else sandboxed(tmp_path)
    if cut_off.is_open:
        pytest.skip(cut_off.network)
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import socket, sys\n"
            "socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=5)\n"
        )
        side = python(tmp_path, code, str(server.getsockname()[1]))
        for used, status in ((OPEN, 0), (cut_off, 1)):
            with Launcher(used) as launcher:
                (outcome,) = launcher.run(
                    [side], together=False, hash_seed=0, timeout_s=30, cpu=None
                )
            assert outcome.status == status
    assert "refused" in (tmp_path / "stderr").read_text(encoding="utf-8")


def test_isolation_says_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _network_namespace.cache_clear()
    found = isolate(find_workspace(), bare_because="a test")
    _network_namespace.cache_clear()
    assert found.network == "open (this system lends no network namespace)"
    assert found.description == "not sandboxed: a test"
