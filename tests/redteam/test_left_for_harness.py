"""Builds, tests and measured processes leave something for the harness to run, read or write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.bare import sandboxed
from support.building import build_one
from support.launching import python, shell
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox

from bench.core.errors import BuildError, UsageError
from bench.core.process import run_tool
from bench.core.sample import Side
from bench.core.target import Benchmark
from bench.core.workspace import find_workspace
from bench.engine.environments.bytecode import compile_packages
from bench.engine.environments.interpreters import (
    Interpreter,
    find_interpreter,
    interpreter_facts,
)
from bench.engine.environments.provenance import check_interpreter
from bench.engine.environments.sandboxed_builds import build_sandbox
from bench.engine.environments.uv import run_uv
from bench.engine.measure import client
from bench.engine.measure.client import Launcher, LauncherError
from bench.engine.measure.homes import FreshHome, HomeError
from bench.engine.measure.inputs import put_files
from bench.engine.measure.rounds import RoundFailedError, read_worker
from bench.engine.revisions.checkout import check_out
from bench.engine.sandbox.folders import keep_plain_files, make_home
from bench.engine.testgate.junit import read_junit

# In a build: find the folders that can be written to, and put another Python in the environment.
REPLACE_PYTHON = """
import os
for line in open("/proc/self/mountinfo"):
    python = line.split()[4] + "/venv/bin/python"
    if os.path.lexists(python):
        os.unlink(python)
        with open(python, "w") as stream:
            stream.write("#!/bin/sh\\ntouch {canary}\\nexec {python} \\"$@\\"\\n")
        os.chmod(python, 0o755)
"""


@contextmanager
def build_inside(folder: Path, interpreter: Interpreter) -> Iterator[tuple[str, ...]]:
    workspace = find_workspace()
    with build_sandbox(workspace, str(interpreter.executable), folder, folder) as inside:
        if not inside:
            pytest.skip("no sandbox")
        yield inside


def test_build_cannot_open_settings_of_the_kernel(tmp_path: Path, interpreter: Interpreter) -> None:
    """`core_pattern` names a program that the kernel starts outside of every sandbox."""
    code = "import os; os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)"  # nothing is written
    with build_inside(tmp_path, interpreter) as inside:
        done = run_tool([*inside, interpreter.executable, "-I", "-S", "-c", code])
    assert done.status == 1
    assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr


def test_build_replaces_its_interpreter(
    own_cache: Sandbox, tmp_path: Path, interpreter: Interpreter
) -> None:
    canary = tmp_path / "canary"
    files = sample_files("1.0.0")
    attack = REPLACE_PYTHON.format(canary=canary, python=interpreter.executable)
    files["tiny_backend.py"] += f"\n\nexec({attack!r})\n"
    repository = Repository.create(tmp_path / "attacker")
    repository.commit(files, "First", tag="v1.0.0")
    repository.commit(files | {"other.txt": ""}, "Second", tag="v1.0.1")
    attacked = Sandbox(own_cache.folder, own_cache.cache, repository.path)
    with build_inside(tmp_path, interpreter):
        pass
    with pytest.raises(BuildError, match="has replaced the interpreter"):
        build_one(attacked, interpreter, "v1.0.0..v1.0.1")
    assert not canary.exists()


def test_environment_that_is_a_link(tmp_path: Path, interpreter: Interpreter) -> None:
    (tmp_path / "elsewhere" / "bin").mkdir(parents=True)
    (tmp_path / "elsewhere" / "bin" / "python").symlink_to(interpreter.executable)
    (tmp_path / "venv").symlink_to("elsewhere")
    check_interpreter(tmp_path / "elsewhere", interpreter.executable)
    with pytest.raises(BuildError):
        check_interpreter(tmp_path / "venv", interpreter.executable)


def test_interpreter_by_a_link_through_other_folders(
    tmp_path: Path, interpreter: Interpreter
) -> None:
    """What links lead through can be read in the sandbox."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    python = tmp_path / "venv" / "bin" / "python"
    (tmp_path / "inner").symlink_to(interpreter.executable)
    for leads_to in (tmp_path / "inner", f"/root/..{interpreter.executable}"):
        python.unlink(missing_ok=True)
        python.symlink_to(leads_to)
        with pytest.raises(BuildError):
            check_interpreter(tmp_path / "venv", interpreter.executable)


def test_bytecode_is_not_written_through_links(tmp_path: Path, interpreter: Interpreter) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "environment"
    for one in (outside, folder / "package"):
        one.mkdir(parents=True)
        (one / "module.py").write_text("X = 1\n", encoding="utf-8")
    (folder / "package" / "__pycache__").symlink_to(outside)
    (folder / "linked").symlink_to(outside)
    (folder / "plain.py").write_text("X = 1\n", encoding="utf-8")
    facts = interpreter_facts(interpreter.executable)
    with build_inside(folder, interpreter) as inside:
        compile_packages([folder, folder / "linked"], facts, inside=inside, place=folder)
    assert [one.name for one in outside.iterdir()] == ["module.py"]
    assert list((folder / "__pycache__").glob("plain.*.pyc"))


@pytest.mark.parametrize("kind", ["link", "pipe", "endless"])
def test_results_of_tests_that_are_no_file(tmp_path: Path, kind: str) -> None:
    results, other = tmp_path / "junit.xml", tmp_path / "other.xml"
    other.write_text('<testsuite><testcase name="a"/></testsuite>', encoding="utf-8")
    if kind == "pipe":
        os.mkfifo(results)
    else:
        results.symlink_to("/dev/zero" if kind == "endless" else other)
    assert read_junit(results) is None


def test_results_of_tests_in_an_unknown_encoding(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text('<?xml version="1.0" encoding="none-such"?><a/>')
    assert read_junit(tmp_path / "junit.xml") is None


def test_files_are_not_put_into_a_link(tmp_path: Path) -> None:
    """As root, everything below would be given to the account of measured processes as well."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    (outside / "settings").write_text("old", encoding="utf-8")
    (home / "start").symlink_to(outside)
    begun = shell(home, ":")
    object.__setattr__(begun, "folder", home / "start")
    owner = outside.stat().st_uid
    benchmark = Benchmark(name="a", command=("a",), files={"settings": "new"})
    with pytest.raises(HomeError, match="a link in the place of"):
        put_files(benchmark, begun)
    assert (outside / "settings").read_text(encoding="utf-8") == "old"
    assert outside.stat().st_uid == owner


def test_what_tools_leave_is_plain(tmp_path: Path) -> None:
    home = make_home(tmp_path / "side", None)
    folder = home.with_name("tools") / "profile-1"
    folder.mkdir()
    (folder / "own.pstats").write_text("kept", encoding="utf-8")
    (folder / "functions.pstats").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe.pstats")
    keep_plain_files(home)
    assert [one.name for one in folder.iterdir()] == ["own.pstats"]


def test_address_of_a_submodule_is_no_option(tmp_path: Path) -> None:
    """`git clone --upload-pack=COMMAND` runs the command."""
    canary = tmp_path / "canary"
    inner = Repository.create(tmp_path / "inner")
    commit = inner.commit({"a": "a"}, "Inner")
    outer = Repository.create(tmp_path / "outer")
    modules = f'[submodule "m"]\n\tpath = a:b\n\turl = "--upload-pack=touch {canary};"\n'
    outer.commit({".gitmodules": modules}, "Outer")
    outer.git("update-index", "--add", "--cacheinfo", f"160000,{commit},a:b")
    outer.git("commit", "--quiet", "--message", "With a submodule")
    with pytest.raises(UsageError, match="The submodule m"):
        check_out(outer.path, outer.git("rev-parse", "HEAD"), tmp_path / "checkout")
    assert not canary.exists()


def test_process_stops_its_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LATE_S", 0.5)
    with Launcher(sandboxed(tmp_path)) as launcher:
        with pytest.raises(LauncherError, match="does not answer"):
            launcher.run(
                [shell(tmp_path, "kill -STOP $PPID")],
                together=False, hash_seed=0, timeout_s=1.0, cpu=None,
            )  # fmt: skip
        (after,) = launcher.run(
            [shell(tmp_path, "true")], together=False, hash_seed=0, timeout_s=10.0, cpu=None
        )
    assert after.status == 0


def test_process_changes_the_priority_of_its_launcher(tmp_path: Path) -> None:
    """Those that are started later would have that priority, without asking for it."""
    lower = "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), os.nice(0) + 1)"
    with Launcher(sandboxed(tmp_path)) as launcher:
        found = [
            launcher.run([one], together=False, hash_seed=0, timeout_s=20.0, cpu=None)[0]
            for one in (python(tmp_path, lower), python(tmp_path, "pass"))
        ]
    assert [one.reprioritised for one in found] == [False, True]


def test_another_interpreter_in_the_cache_of_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreter: Interpreter
) -> None:
    """uv remembers where interpreters lie, and builds can write there."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    known = os.fsencode(interpreter.executable)
    monkeypatch.setenv("PATH", f"{interpreter.executable.parent}:{os.environ['PATH']}")
    run_uv("python", "find", "--no-project", "--system", interpreter.executable)
    for file in tmp_path.rglob("*.msgpack"):
        file.write_bytes(file.read_bytes().replace(known, known[:-1] + b"X"))
    found = find_interpreter(interpreter.version, fetch=False)
    assert found.executable == interpreter.executable


def test_control_codes_do_not_reach_the_screen(tmp_path: Path) -> None:
    codes = "\\033]52;c;aGk=\\007\\033[2J"
    done = run_tool(["/bin/sh", "-c", f"printf 'a{codes}b' >&2; exit 1"])
    assert done.last_lines().isprintable()
    with Launcher(sandboxed(tmp_path)) as launcher:
        sleeper = f"exec -a \"$(printf 'x{codes}')\" sleep 100 & sleep 0.2"
        bash = shell(tmp_path, sleeper)
        object.__setattr__(bash, "argv", ("/bin/bash", "-c", sleeper))
        (left,) = launcher.run([bash], together=False, hash_seed=0, timeout_s=20.0, cpu=None)
    assert all(one.isprintable() for one in left.left)


def test_names_in_a_home_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    first = ("/bin/sh", "-c", "echo 1 > \"$(printf 'a\\377b')\"; echo 2 > \"$(printf 'a\\nb')\"")
    home = FreshHome(folder=folder, kept=tmp_path / "kept", first=first, env={"PATH": os.defpath})
    for _ in range(2):
        home.renew(())
    assert len(list(folder.iterdir())) == 2


def test_pipe_in_a_home_that_is_copied(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    first = ("/bin/sh", "-c", "mkfifo pipe")
    home = FreshHome(
        folder=folder, kept=tmp_path / "kept", first=first, env={"PATH": os.defpath}, copied=True
    )
    with pytest.raises(HomeError):
        home.renew(())


def test_result_of_a_script_that_is_too_deep(tmp_path: Path) -> None:
    (tmp_path / "pyperf.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(RoundFailedError):
        read_worker(tmp_path / "pyperf.json", Side.HEAD)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no autogroups")
def test_process_changes_the_weight_of_its_group(tmp_path: Path) -> None:
    code = "open('/proc/self/autogroup', 'w').write('19')"
    with Launcher(sandboxed(tmp_path)) as launcher:
        (found,) = launcher.run(
            [python(tmp_path, code)], together=False, hash_seed=0, timeout_s=20.0, cpu=None
        )
    assert (found.status, found.reprioritised) == (0, True)
