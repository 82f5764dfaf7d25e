"""What a user can get wrong ends with one message and the right exit status."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.sandbox import EXTRA, PYTHON, ROOT, TIMING_ONLY, WORK, Sandbox, target_text

RANGE = "v1.0.0..v1.1.0"

# arguments → exit status, what is said
MISTAKES = {
    ("run", "smaple"): (2, "There is no target 'smaple'. Did you mean 'sample'?"),
    ("run", "sample", "v1.0.0..nope"): (2, "Unknown revision 'nope' in "),
    ("run", "sample", "a....b"): (2, "'a....b' is not a range of revisions"),
    ("run", "sample", "v1.0.0"): (2, "v1.0.0 has no parent"),
    ("run", "sample", RANGE, "--benchmark", "gone*"): (2, "--benchmark gone* matches nothing"),
    ("run", "sample", RANGE, "--group", "gone"): (2, "no benchmark group 'gone'"),
    ("run", "sample", RANGE, "--python", "3.99"): (2, "Python 3.99 is not on this machine"),
    ("run", "sample", RANGE, "--rounds", "0"): (2, "0 is not at least 1"),
    ("run", "sample", RANGE, "--rounds", "x"): (2, "--rounds"),
    ("run", "sample", RANGE, "--alpha", "1.5"): (2, "1.5 is not between 0 and 1"),
    ("run", "sample", RANGE, "--mei", "0"): (2, "0 is not between 0 and 1"),
    ("run", "sample", RANGE, "--budget", "-1"): (2, "-1 is not a number above 0"),
    ("run", "sample", RANGE, "--budget", "inf"): (2, "inf"),
    ("run", "sample", RANGE, "--budget", "nan"): (2, "nan"),
    ("run", "sample", RANGE, "--design", "trio"): (2, "--design"),
    ("run", "sample", RANGE, "--deps", "mine"): (2, "--deps"),
    ("run", "sample", RANGE, "--deps", "split", "--tags"): (2, "--deps split compares two"),
    ("run", "sample", RANGE, "--fail-on", "faster"): (2, "--fail-on"),
    ("run", "sample", "v1.0.0..broken-build"): (5, "no plutonium left"),
    ("run",): (2, "TARGET"),
    (): (2, "COMMAND"),
    ("sprint",): (2, "sprint"),
}


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_mistake(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    status, message = MISTAKES[arguments]
    repo = ("--repo", sandbox.repository) if arguments[:1] == ("run",) else ()
    done = sandbox.bench(*arguments, *repo, status=status)
    assert message in done.stderr
    assert done.stdout == ""
    assert not sandbox.workspace.data.exists()


def test_repo_that_is_none(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sandbox.bench("run", "sample", RANGE, "--repo", tmp_path, status=2)
    assert "is not a git repository" in done.stderr


def test_private_repository_without_access(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(clone="file:///nowhere", rest="private = true"))
    done = sandbox.bench("run", "sample", RANGE, status=2)
    assert "file:///nowhere could not be cloned" in done.stderr
    assert "This repository is private: ask its owners" in done.stderr


def test_target_without_a_range(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text().replace("default_range", "description"))
    assert "no default range" in sandbox.bench("run", "sample", status=2).stderr


def test_broken_target_file(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text().replace("released = false", "released = 3"))
    done = sandbox.bench("run", "sample", status=2)
    assert f"{sandbox.workspace.targets}/sample.toml:6: released: Expected `bool`" in done.stderr


def test_no_python_at_all(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text().replace(f'["{PYTHON}"]', '["3.98", "3.99"]'))
    done = sandbox.run(RANGE, status=2)
    assert "None of the Pythons 3.98, 3.99 can be had" in done.stderr


def test_python_that_is_missing_is_left_out(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text().replace(f'["{PYTHON}"]', f'["3.99", "{PYTHON}"]'))
    done = sandbox.run(RANGE, "--dry-run")
    assert "left out: Python 3.99 is not on this machine" in done.stderr
    assert f"Python     {PYTHON}" in done.stderr


def test_a_plan_for_scripts(sandbox: Sandbox) -> None:
    done = sandbox.run(RANGE, "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert plan["target"] == "sample"
    assert plan["base"]["identity"] != plan["head"]["identity"]
    assert [one["version"] for one in plan["pythons"]] == [PYTHON]
    assert "python-startup" in plan["benchmarks"]
    assert plan["options"]["alpha"] == 0.05


def test_dry_run_plans_and_does_nothing(own_cache: Sandbox) -> None:
    own_cache.write_target(target_text(WORK, EXTRA))
    done = own_cache.run(RANGE, "--dry-run")
    for words in ("base ", "head ", "Much slower", "to be built", "python-startup, work, extra",
                  "α = 0.05", "MEI 2%", f"clone {own_cache.repository}"):  # fmt: skip
        assert words in " ".join(done.stderr.split())
    assert not own_cache.workspace.data.exists()
    assert not own_cache.workspace.results.exists()
    assert not own_cache.workspace.environments.exists()


def test_default_range_is_used(sandbox: Sandbox) -> None:
    done = sandbox.bench("run", "sample", "--dry-run", "--repo", sandbox.repository, status=0)
    assert "Much slower" in done.stderr


def test_json_is_all_there_is_on_standard_output(sandbox: Sandbox) -> None:
    done = sandbox.run(RANGE, "--json", rounds=5)
    (document,) = json.loads(done.stdout)
    assert {"target", "base", "head", "benchmarks", "alpha", "mei", "notes"} <= document.keys()
    assert "NaN" not in done.stdout
    assert "Infinity" not in done.stdout


def test_report_is_written_after_a_run(sandbox: Sandbox) -> None:
    done = sandbox.bench(
        "run",
        "sample",
        RANGE,
        "--repo",
        sandbox.repository,
        "--rounds",
        "6",
        "--no-counters",
        status=0,
    )
    page = done.stdout.rpartition("Write-up: ")[2].strip()
    assert Path(page).is_file()
    assert Path(page).is_relative_to(sandbox.workspace.results)


def test_targets_are_listed_and_bad_ones_named(sandbox: Sandbox) -> None:
    assert "v1.0.0..v1.1.0" in sandbox.bench("targets", status=0).stdout
    assert "work" in sandbox.bench("targets", "sample", status=0).stdout
    assert "no target" in sandbox.bench("targets", "smaple", status=2).stderr
    sandbox.write_target("oops", "other")
    done = sandbox.bench("targets", status=2)
    assert "work" in done.stdout
    assert "other.toml: this is not valid TOML" in done.stdout + done.stderr


def test_reader_that_goes_away(sandbox: Sandbox) -> None:
    """`python -m bench targets | true` is no error worth a word."""
    with sandbox.start("targets") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        errors = process.stderr.read()
        process.stdout = None
        process.wait(timeout=60)
    assert errors == ""


def test_terminal_gets_a_live_display(sandbox: Sandbox) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable, "-m", "bench", "run", "sample", RANGE, "--repo", str(sandbox.repository),
        *TIMING_ONLY, "--rounds", "5",
    ]  # fmt: skip
    environ = sandbox.environ | {"TERM": "xterm-256color", "COLUMNS": "120"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        try:
            while chunk := os.read(ours, 65536):
                output += chunk
        except OSError:  # Linux ends a pseudo-terminal with EIO
            pass
        process.wait(timeout=100)
    os.close(ours)
    text = output.decode()
    assert process.returncode == 0, text
    assert "\x1b[" in text
    assert "Traceback" not in text
    assert re.search("[12]/2 work", text)  # the control may be on the other lane
    assert "left" in text


def test_plotting_is_not_imported_before_measuring() -> None:
    """It takes a second: `run` shall reach its first sample fast."""
    code = "import sys, bench.cli.run; print(sorted({'matplotlib', 'scipy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
