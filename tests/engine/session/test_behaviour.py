"""What a process is given and what it says, from the target's file to the page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from support.sandbox import Sandbox, by_name, target_text

# v1.0.0 has UNITS = 1, v1.1.0 has 4.
_UNITS = "from sample.behaviour import UNITS"


def command(name: str, code: str, *arguments: str, rest: str = "") -> str:
    """A benchmark that runs a line of Python."""
    words = json.dumps(["python", "-c", code, *arguments])
    return f'name = "{name}"\ncommand = {words}\n{rest}'


DIFFERENT = command("different", f"{_UNITS}; print('did', UNITS, 'units')")
PASSING = command(
    "passing",
    "import os, sys, time; print('pid', os.getpid(), object(), os.environ['HOME'], sys.prefix); "
    "print(time.ctime(), 'in', time.perf_counter(), 'seconds')",
)
RANDOM = command("random", "import random; print(random.random())")
STATUS = command(
    "status", f"import sys; {_UNITS}; sys.exit(0 if UNITS == 1 else 3)", rest="exit_status = [0, 3]"
)
LOUD = command("loud", f"{_UNITS}; print('x' * (65 << 20) if UNITS > 1 else '')")
GIVEN = command(
    "given",
    "import os, stat, sys; from pathlib import Path; "
    "assert sys.argv[1:] == ['', os.environ['HOME'] + '/a'], sys.argv; "
    "assert sys.stdin.read() == 'one\\ntwo'; "
    "assert Path('deep/input.txt').read_text() == 'from the file'; "
    "Path('deep/input.txt').write_text('spoilt'); "
    "told = os.fstat(1); assert stat.S_ISREG(told.st_mode) and not told.st_size; print('x' * 99)",
    "",
    "{home}/a",
    rest='stdin = "one\\ntwo"\n[benchmark.files]\n"deep/input.txt" = "from the file"',
)
FILE = command(
    "file",
    "import os, stat, sys; assert sys.stdin.read() == 'words'; "
    "assert stat.S_ISCHR(os.fstat(1).st_mode)",
    rest='stdin_file = "in.txt"\nstdout = "null"\n[benchmark.files]\n"in.txt" = "words"',
)
# Does as base does while it is probed, and less when it is timed: with another seed each time.
_PROBED = "int(os.environ['PYTHONHASHSEED']) == 0"
CHEATS = command(
    "cheats", f"import os; {_UNITS}; print('all done' if UNITS == 1 or {_PROBED} else '')"
)
FLAKY = command(
    "flaky",
    "import os, sys; open('flakes', 'a').write('.'); sys.exit(os.path.getsize('flakes') % 3 == 0)",
    rest="failures_allowed = 0.5",
)
KILLER = command(
    "killer", f"import os, time; {_UNITS}; UNITS > 1 and (os.kill(os.getppid(), 9), time.sleep(9))"
)
PREPARED = command(
    "prepared",
    "pass",
    rest=f"prepare = {json.dumps(['python', '-c', f'{_UNITS}; assert UNITS == 1'])}",
)
# Works while it is probed, and ends its launcher when it is timed.
LATE_KILLER = command(
    "late-killer",
    f"import os, time; {_UNITS}; "
    f"UNITS == 1 or {_PROBED} or (os.kill(os.getppid(), 9), time.sleep(9))",
)
LEAVES = command(
    "leaves",
    "import subprocess; subprocess.Popen(['sleep', '4247'], start_new_session=True)",
)
GREEDY = command("greedy", f"{_UNITS}; x = bytearray(1 << 60 if UNITS > 1 else 1)")
ALL = (
    PREPARED,
    LATE_KILLER,
    LEAVES,
    GREEDY,
    KILLER,
    FLAKY,
    CHEATS,
    DIFFERENT,
    PASSING,
    RANDOM,
    STATUS,
    LOUD,
    GIVEN,
    FILE,
)


@pytest.fixture
def measured(sandbox: Sandbox) -> tuple[Sandbox, Mapping[str, Any], str]:
    sandbox.write_target(target_text(*ALL))
    done = sandbox.run("v1.0.0..v1.1.0", "--json", rounds=2)
    return sandbox, json.loads(done.stdout)[0], done.stderr


def test_behaviour_of_both_sides(measured: tuple[Sandbox, Mapping[str, Any], str]) -> None:
    sandbox, document, said = measured
    found = by_name(document)
    outputs = {name: one["outputs"] for name, one in found.items()}
    assert outputs["different"]["differs"] == ["standard output"]
    assert outputs["different"]["excerpt"] == "-did 1 units\n+did 4 units"
    assert outputs["passing"] == {"differs": [], "varying": [], "excerpt": ""}
    assert outputs["random"]["varying"] == ["base", "head"]
    assert (outputs["status"]["differs"], outputs["status"]["excerpt"]) == (
        ["exit status"], "0 → 3",
    )  # fmt: skip
    assert found["killer"]["reason"] == "head: the launcher process has died"
    assert found["loud"]["verdict"] == found["killer"]["verdict"] == "broken"
    assert found["loud"]["reason"] == "head: wrote more than 64 MiB to its standard output"
    assert outputs["python-startup"] is None
    assert outputs["cheats"]["differs"][0].startswith("standard output (in ")
    assert outputs["cheats"]["excerpt"] == "-all done\n+"
    assert found["greedy"]["verdict"] == found["prepared"]["verdict"] == "broken"
    assert found["leaves"]["left_running"] == ["sleep 4247"]
    assert "⚠ left processes running" in said
    if not sandbox.runs[0].manifest.sandbox.startswith("not sandboxed"):
        assert found["late-killer"]["verdict"] == "broken"  # each side has a launcher of its own
    for name in ("given", "file", "flaky"):
        assert found[name]["rounds"] == 2, found[name]
    assert "⚠ standard output differs" in said
    assert "-did 1 units / +did 4 units" in said
    failures = found["flaky"]["failures"]
    assert failures["base"] >= 1
    assert failures["head"] >= 1
    rates = f"base {failures['base']}, head {failures['head']} of {failures['tried']}"
    assert f"⚠ failed rounds: {rates}" in said
    sandbox.bench("report", status=0)
    (file,) = sandbox.workspace.results.glob("sample/*/README.md")
    page = file.read_text(encoding="utf-8")
    assert "⚠ standard output differs" in page
    assert "First difference: `-did 1 units / +did 4 units`" in page
    assert re.search(r"🔴 \*\*Broken by head: [45] of 14\*\*: `", page)
    assert "🔴 **broken: fails on head**" in page
    assert f"dropped on both sides: flaky ({rates}). " in page
    assert "varies from run to run and was not compared: random" in page
