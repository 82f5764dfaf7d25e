"""The playbook as far as it goes without a machine: rules, syntax, and what it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from support.infrastructure import ANSIBLE, ROOT, environment

ROLES = ("base", "python", "tools", "repos", "pin", "verify")


def run(
    folder: Path, *command: str | Path, cwd: Path = ANSIBLE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The playbook on a machine that does not answer: nothing can be changed by mistake."""
    command = ("ansible-playbook", "site.yml", "-i", "127.0.0.1,", "-e", "ansible_port=1")
    return run(folder, *command, *arguments)


@pytest.mark.timeout(290)
def test_lint_finds_nothing_in_the_production_profile(tmp_path: Path) -> None:
    # A copy: the linter writes into the folder it looks at.
    folder = tmp_path / "ansible"
    shutil.copytree(ANSIBLE, folder)
    done = run(tmp_path, "ansible-lint", "--offline", "--profile", "production", "-q", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_syntax(tmp_path: Path) -> None:
    done = run(tmp_path, "ansible-playbook", "--syntax-check", "site.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_builtin_modules_are_used() -> None:
    for file in ANSIBLE.glob("roles/*/tasks/*.yml"):
        for line in file.read_text(encoding="utf-8").splitlines():
            name = line.strip().removesuffix(":")
            if name.count(".") >= 2 and " " not in name and line.strip().endswith(":"):
                assert name.startswith("ansible.builtin."), f"{file}: {name}"


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_has_a_specification_and_a_reason(role: str) -> None:
    folder = ANSIBLE / "roles" / role
    text = (folder / "defaults" / "main.yml").read_text(encoding="utf-8")
    specification = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())
    known = specification["argument_specs"]["main"]["options"]
    assert set(yaml.safe_load(text)) == set(known)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    for name in known:
        (number,) = [at for at, line in enumerate(lines) if line.startswith(f"{name}:")]
        block = lines[:number]
        while block and block[-1].strip() and not block[-1].startswith("#"):
            block.pop()  # one comment may be for several variables below it
        assert block[-1].startswith("#"), f"{name} has no comment"
        assert f"`{name}`" in readme, f"{role}/README.md does not mention {name}"


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        (("pin_rebot=true",), ("Unknown variable pin_rebot",)),
        (  # in one play: it goes on to the next role, and names every variable
            (
                "pin_reboot=maybe",
                "pin_reboot_timeout_s=soon",
                "python_source=conda",
                '{"pin_sysctl": 3}',
            ),
            (
                "'maybe' is not a valid boolean",
                "'pin_reboot_timeout_s' is of type str and we were unable to convert to int",
                "value of python_source must be one of: uv, mirror, path",
                "'pin_sysctl' is of type int and we were unable to convert to dict",
            ),
        ),
    ],
)
def test_variables_that_are_wrong_are_refused_before_anything_happens(
    tmp_path: Path, given: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    done = play(tmp_path, *(word for one in given for word in ("-e", one)))
    assert done.returncode == 2, done.stdout + done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    for message in messages:
        assert message in said
    assert "Reach the machine" not in done.stdout


def test_a_machine_that_does_not_answer_is_one_message(tmp_path: Path) -> None:
    done = play(tmp_path, "-T", "2")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2
    assert "127.0.0.1 can't be reached" in said
    assert "Nothing was changed" in said


@pytest.mark.parametrize(
    "file", ["python/files/uv.txt", "tools/files/requirements.txt", "tools/files/build.txt"]
)
def test_packages_of_the_machine_have_the_versions_and_hashes_of_the_lock(file: str) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {one["name"]: one for one in lock["package"] if "version" in one}
    text = (ANSIBLE / "roles" / file).read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for entry in lines.replace("\\\n", "").splitlines():
        wanted, *hashes = entry.split()
        name, _, version = wanted.partition("==")
        assert hashes, f"{name} has no hash"
        if name not in {"flameprof", "setuptools"}:  # no session here needs those two
            files = [*locked[name].get("wheels", []), locked[name].get("sdist", {})]
            known = {f"--hash={one['hash']}" for one in files if one}
            # The list has those of older Pythons, too, which the lock leaves out.
            assert (version, known - set(hashes)) == (locked[name]["version"], set())


def enter_slice(*arguments: str, owner: str = "") -> str:
    """What the program that sudo allows says to arguments it must refuse."""
    done = subprocess.run(
        ["sh", ANSIBLE / "files" / "bench_slice_enter.sh", *arguments],
        env={"SUDO_UID": owner} if owner else {},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    return done.stderr


@pytest.mark.skipif(not Path("/proc/1").exists(), reason="needs /proc")
def test_only_a_process_of_the_callers_is_moved_into_the_slice() -> None:
    for arguments in ((), ("",), ("../1",), ("1 2",), ("1", "2"), ("0",), ("-1",), ("$$",)):
        assert "process id" in enter_slice(*arguments)
    assert "there is no process" in enter_slice("4194999")
    assert "not the caller's" in enter_slice(str(os.getpid()), owner=str(os.getuid() + 1))
