"""The observer and the other instruments on small programs, in real environments."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from counted_subjects import Subjects, make_subjects
from support.sandbox import Sandbox

from bench.core.counts import Counter
from bench.engine.environments.interpreters import Interpreter
from bench.explain.counters.instructions import find_instruction_counter
from bench.explain.counters.observe import Observation, observe, own_packages, trace_memory
from bench.explain.counters.running import NotCountedError
from bench.explain.counters.system_calls import count_system_calls, find_strace

BUSY = """
import json, os, subprocess, sys
from sample import cli
open(os.path.expanduser("~/note.txt"), "w").close()
subprocess.run([sys.executable, "-c", "import csv"], check=True)
"""


@pytest.fixture
def subjects(sandbox: Sandbox, interpreter: Interpreter, tmp_path: Path) -> Subjects:
    return make_subjects(sandbox, interpreter, tmp_path / "scratch")


def seen(subjects: Subjects, code: str) -> Observation:
    environment = subjects.environments.base
    return observe(subjects.runner, subjects.benchmark, subjects.python(code), environment)


def test_modules_of_all_processes_by_origin(subjects: Subjects) -> None:
    found = seen(subjects, BUSY)
    assert found.names[Counter.MODULES_OWN] == {"sample", "sample.cli", "sample.behaviour"}
    standard = found.names[Counter.MODULES_STANDARD]
    assert {"sys", "os", "posixpath", "json", "json.decoder", "csv"} <= standard
    assert not {"os.path", "__main__", "sitecustomize", "site-packages"} & standard
    assert found.names[Counter.MODULES_THIRD_PARTY] == set()
    for counter, names in found.names.items():
        assert counter.value.startswith("python_") or found.tally.figures[counter] == len(names)


def test_the_observer_itself_is_in_nothing(subjects: Subjects) -> None:
    standard = seen(subjects, "pass").names[Counter.MODULES_STANDARD]
    assert not {"atexit", "_tracemalloc", "json", "ast"} & standard
    assert "atexit" in seen(subjects, "import atexit").names[Counter.MODULES_STANDARD]


def test_opens_children_and_connections(subjects: Subjects) -> None:
    code = BUSY + (
        "import socket\n"
        "with socket.socket() as it:\n"
        "    it.connect_ex(('127.0.0.1', 9))\n"
        "os.waitpid(os.posix_spawn('/bin/true', ['true', 'a'], {}), 0)\n"
        "os.system('true')\n"
    )
    found = seen(subjects, code)
    assert "~/note.txt" in found.names[Counter.OPENS]
    assert not any(name.endswith(".pyc") for name in found.names[Counter.OPENS])
    started = found.names[Counter.PROCESSES]
    assert started == {"<environment>/bin/python -c", "true a", "true"}
    assert found.tally.figures[Counter.PROCESSES] == 3
    assert found.names[Counter.CONNECTIONS] == {"('127.0.0.1', 9)"}
    assert Counter.SILENT not in found.tally.figures


@pytest.mark.parametrize(
    "ending",
    ["os._exit(0)", "os.execv('/bin/true', ['true'])", "os.fork()", "sys.exit(0)"],
)
def test_however_a_program_ends(subjects: Subjects, ending: str) -> None:
    found = seen(subjects, f"import csv, os, sys\n{ending}")
    assert "csv" in found.names[Counter.MODULES_STANDARD]
    assert Counter.SILENT not in found.tally.figures


def test_a_killed_child_is_said_to_be_unobserved(subjects: Subjects) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    child = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert seen(subjects, code.format(child=child)).tally.figures[Counter.SILENT] == 1


def test_random_names_do_not_differ_between_runs(subjects: Subjects) -> None:
    code = "import tempfile\nwith tempfile.NamedTemporaryFile(): pass\ntempfile.mkdtemp()"
    first, second = seen(subjects, code), seen(subjects, code)
    assert first.names == second.names


def test_a_lazy_module_that_is_not_used_is_not_imported(subjects: Subjects) -> None:
    code = (
        "import importlib.util as u, sys\n"
        "spec = u.find_spec('csv'); spec.loader = u.LazyLoader(spec.loader)\n"
        "sys.modules['csv'] = m = u.module_from_spec(spec); spec.loader.exec_module(m)\n"
    )
    assert "csv" not in seen(subjects, code).names[Counter.MODULES_STANDARD]
    assert "csv" in seen(subjects, code + "m.reader").names[Counter.MODULES_STANDARD]


def test_what_the_project_installs_is_its_own(subjects: Subjects) -> None:
    assert own_packages(subjects.environments.base) == {"sample"}


def test_memory_held_and_peak(subjects: Subjects) -> None:
    invocation = subjects.python("big = bytes(30_000_000); del big; kept = bytes(10_000_000)")
    figures = trace_memory(subjects.runner, subjects.benchmark, invocation).figures
    assert 30_000_000 < figures[Counter.PEAK_MEMORY] < 40_000_000
    assert 10_000_000 < figures[Counter.HELD_MEMORY] < 20_000_000


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit('no such luck')", "exit status 1: no such luck"),
        ("raise ValueError('oh')", "exit status 1: ValueError: oh"),
        ("import os; os.kill(os.getpid(), 9)", "exit status -9"),
    ],
)
def test_what_fails_is_not_counted(subjects: Subjects, code: str, reason: str) -> None:
    with pytest.raises(NotCountedError, match=f"^{reason}"):
        seen(subjects, code)


def test_a_program_that_is_no_python(subjects: Subjects) -> None:
    invocation = subjects.python("pass")
    shell = replace(invocation, argv=("/bin/true",))
    with pytest.raises(NotCountedError, match="no Python process"):
        observe(subjects.runner, subjects.benchmark, shell, subjects.environments.base)


def test_nothing_is_left_behind(subjects: Subjects) -> None:
    seen(subjects, "pass")
    assert [folder.name for folder in subjects.folder.iterdir()] == ["base", "tools"]
    assert not list((subjects.folder / "tools").iterdir())


def test_system_calls_of_all_processes(subjects: Subjects) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace here")
    strace = find_strace()
    figures = count_system_calls(
        subjects.runner, subjects.benchmark, subjects.python(BUSY), strace
    ).figures
    plain = count_system_calls(
        subjects.runner, subjects.benchmark, subjects.python("pass"), strace
    ).figures
    assert (plain[Counter.PROGRAMS], figures[Counter.PROGRAMS]) == (0, 1)
    assert figures[Counter.FILES_OPENED] > plain[Counter.FILES_OPENED] + 10


def test_instructions_repeat_within_a_thousandth(subjects: Subjects) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("no valgrind here")
    counter = find_instruction_counter()
    first, second, more = (
        counter.count(subjects.runner, subjects.benchmark, subjects.python(code)).figures[
            Counter.INSTRUCTIONS
        ]
        for code in ("pass", "pass", "sum(range(1_000_000))")
    )
    assert abs(first / second - 1) < 0.001
    assert more > first * 1.1
