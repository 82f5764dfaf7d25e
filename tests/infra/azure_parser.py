"""Every az command of vm-manage.sh, given to the real azure-cli by `nox -s tests-infra -- azure`.

Not collected by the suite: azure-cli is a download of several hundred megabytes. Without a login
its parser still runs: arguments it does not know end with status 2, a command it would run with 1.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.fake_azure import FakeAzure

AZ = os.environ.get("AZ_FOR_TESTS", "")


def recorded(folder: Path) -> list[list[str]]:
    """What vm-manage.sh tells az in the life of a machine, each command once."""
    azure = FakeAzure.made_in(folder)
    create = ("create", "--allow-from", "203.0.113.40/32", "--threads", "1")
    life: list[tuple[str, ...]] = [
        create, ("stop",), ("start",), ("status",), ("status", "--json"), ("bench", "a..b"),
        ("delete", "--yes"),
    ]  # fmt: skip
    for arguments in life:
        done = azure.run(*arguments)
        assert done.returncode == 0, done.stderr
    calls: list[list[str]] = []
    for call in azure.calls():
        if call not in calls:
            calls.append(call)
    return calls


def az(folder: Path, call: list[str]) -> subprocess.CompletedProcess[str]:
    """The real thing, without a login and without telemetry."""
    assert AZ, "AZ_FOR_TESTS names no az: run this as nox -s tests-infra -- azure"
    custom = [word if not word.endswith("cloud-init.yaml") else "x" for word in call]
    quiet = {"AZURE_CONFIG_DIR": str(folder / "config"), "AZURE_CORE_COLLECT_TELEMETRY": "0"}
    return subprocess.run(
        [AZ, *custom],
        env={**os.environ, **quiet},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.mark.timeout(1200)
def test_the_real_parser_takes_every_command(tmp_path: Path) -> None:
    calls = recorded(tmp_path / "fake")
    assert len(calls) >= 9
    for call in calls:
        done = az(tmp_path, call)
        assert done.returncode == 1, f"{call}: {done.stderr}"
        assert "az login" in done.stderr, f"{call}: {done.stderr}"
        print("accepted: az", *call[:3])


def test_the_real_parser_would_have_said_no(tmp_path: Path) -> None:
    assert az(tmp_path, ["vm", "create", "--no-such-option", "1"]).returncode == 2
