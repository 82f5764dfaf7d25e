"""`make provision HOST=…`: which ansible-playbook command a host becomes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.infrastructure import ROOT, environment


def provision(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "infra" / "provision.py", *arguments],
        env=environment(folder, PYTHONPATH=str(ROOT)),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("localhost", "site.yml --limit localhost"),
        ("203.0.113.7", "site.yml --inventory 203.0.113.7,"),
        ("ann@vm.example.org", "site.yml --inventory vm.example.org, --user ann"),
        (
            "ann@127.0.0.1:2222",
            "site.yml --inventory 127.0.0.1, --user ann --extra-vars ansible_port=2222",
        ),
    ],
)
def test_a_name_or_an_address(tmp_path: Path, host: str, command: str) -> None:
    done = provision(tmp_path, host, "--list-hosts")
    assert done.returncode == 0, done.stderr
    assert f"ansible-playbook {command} --list-hosts" in done.stdout.splitlines()[0]
    assert "hosts (1)" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--check",), ("locahost",), ("example-vm",), ("a b",)])
def test_anything_else_is_one_message(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = provision(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "address" in done.stderr
