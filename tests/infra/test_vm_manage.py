"""infra/vm-manage.sh against stand-ins for az and ssh that record what they are told."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from support.fake_azure import ADDRESS, FakeAzure, option
from support.infrastructure import VM_MANAGE, archive_of, environment

FROM = ("--allow-from", "203.0.113.40/32")


@pytest.fixture
def azure(tmp_path: Path) -> FakeAzure:
    return FakeAzure.made_in(tmp_path / "azure")


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    scripts = [VM_MANAGE, *(VM_MANAGE.parents[1] / "ansible" / "files").glob("*.sh")]
    done = subprocess.run(
        ["shellcheck", *scripts],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_create_makes_one_group_with_everything_in_it(azure: FakeAzure) -> None:
    done = azure.run("create", *FROM, "--owner", "ann", "--expires", "2027-01-31")
    assert done.returncode == 0, done.stderr
    calls = azure.calls()
    assert [" ".join(call[:3]) for call in calls[:6]] == [
        "group exists --name",
        "group create --name",
        "network nsg create",
        "network nsg rule",
        "vm create --resource-group",
        "vm auto-shutdown --resource-group",
    ]
    group, _, rule, machine, shutdown = calls[1:6]
    tags = ["purpose=codeflash-bench", "owner=ann", "expires=2027-01-31"]
    assert group[group.index("--tags") + 1 :][:3] == tags
    assert option(rule, "--source-address-prefixes") == "203.0.113.40/32"
    assert option(rule, "--destination-port-ranges") == "22"
    assert option(machine, "--size") == "Standard_D2s_v5"
    assert option(machine, "--nsg-rule") == "NONE"
    assert option(machine, "--image").rpartition(":")[2][0].isdigit()
    assert option(shutdown, "--time") == "1900"
    assert all(option(call, "--resource-group") == "bench-test" for call in calls[2:])
    assert "done said so" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create",), "--allow-from"),
        (("create", "--allow-from", "0.0.0.0/0"), "everybody"),
        (("create", "--allow-from", "0.0.0.0/1", "--allow-wide"), "everybody"),
        (("create", "--allow-from", "::/0", "--allow-wide"), "everybody"),
        (("create", "--allow-from", "203.0.0.0/23"), "more than a /24"),
        (("create", "--allow-from", "128.0.0.0/1"), "more than a /24"),
        (("create", "--allow-from", "2001:db8::/55"), "a /56 (IPv6)"),
        (("create", "--allow-from", "::ffff:203.0.113.0/120"), "needs --allow-from"),
        (("create", "--allow-from", "203.0.113.256"), "needs --allow-from"),
        (("create", "--allow-from", "203.0.113.0/255.0.0.0"), "needs --allow-from"),
        (("create", "--allow-from", "203.0.113.7/32 0.0.0.0/0"), "needs --allow-from"),
        (("create", "--allow-from", "Internet"), "needs --allow-from"),
        (("create", "--allow-from", "office"), "--allow-from"),
        (("fetch", "--target", "../rich"), "is not a target's name"),
        (("create", *FROM, "--image", "Debian:debian-12:12-gen2:latest"), "not latest"),
        (("create", *FROM, "--shutdown", "never"), "not a time"),
        (("create", *FROM, "--expires", "soon"), "not a day"),
        (("create", *FROM, "--threads", "4"), "1 or 2"),
        (("create", *FROM, "--frobnicate", "1"), "unknown option --frobnicate"),
        (("create", *FROM, "--size"), "--size needs a value"),
        (("bench",), "needs a range"),
        (("explode",), "unknown command explode"),
    ],
)
def test_misuse_ends_before_anything_is_asked_of_azure(
    azure: FakeAzure, arguments: tuple[str, ...], message: str
) -> None:
    done = azure.run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert azure.calls() == []


@pytest.mark.parametrize(
    "command", ["create", "start", "stop", "status", "push", "bench", "fetch", "delete"]
)
def test_a_dry_run_tells_everything_and_does_nothing(azure: FakeAzure, command: str) -> None:
    more = {"create": FROM, "bench": ("v1..v2",)}.get(command, ())
    done = azure.run(command, *more, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert azure.calls() == azure.calls("ssh") == []
    assert "bench-test" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("203.0.113.7",),
        ("203.0.113.0/24",),
        ("2001:db8:1:2::/56",),
        ("203.0.0.0/16", "--allow-wide"),
        ("2001:db8::/32", "--allow-wide"),
    ],
)
def test_ranges_that_may_use_ssh(azure: FakeAzure, arguments: tuple[str, ...]) -> None:
    done = azure.run("create", "--allow-from", *arguments)
    assert done.returncode == 0, done.stderr
    assert option(azure.calls()[3], "--source-address-prefixes") == arguments[0]


@pytest.mark.parametrize("answer", ["true\n", "", "perhaps\n"])
def test_create_never_touches_a_group_that_exists(azure: FakeAzure, answer: str) -> None:
    azure.answer("az group exists", answer)
    done = azure.run("create", *FROM)
    assert done.returncode == 1
    assert ("bench-test already" if "true" in answer else "neither true nor false") in done.stderr
    assert [call[:2] for call in azure.calls()] == [["group", "exists"]]


def test_create_ends_when_azure_cannot_say_what_exists(azure: FakeAzure) -> None:
    azure.answer("az group exists", status=1)
    assert azure.run("create", *FROM).returncode == 1
    assert len(azure.calls()) == 1


def test_what_a_dry_run_prints_is_what_is_run(azure: FakeAzure) -> None:
    shown = azure.run("create", *FROM, "--expires", "2027-01-31", "--dry-run").stdout.splitlines()
    azure.run("create", *FROM, "--expires", "2027-01-31")
    printed = [shlex.split(line)[1:] for line in shown if line.startswith("az ")]
    told = [call for call in azure.calls() if call[1] not in {"show", "exists"}]
    for call in printed + told:
        if "--custom-data" in call:
            call[call.index("--custom-data") + 1] = "…"
    assert printed == told


def test_stop_is_deallocate(azure: FakeAzure) -> None:
    assert azure.run("stop").returncode == 0
    assert [call[:2] for call in azure.calls()] == [["group", "show"], ["vm", "deallocate"]]


def test_start_shows_how_the_machine_verified_itself(azure: FakeAzure) -> None:
    pins = "pinned: 30 pins held, 0 broken, 3 not available\n"
    azure.answer("ssh timeout 900 systemctl is-system-running --wait", pins)
    done = azure.run("start")
    assert done.returncode == 0, done.stderr
    assert "pinned: 30 pins held" in done.stdout


def test_status_as_json(azure: FakeAzure) -> None:
    azure.answer("az vm show --show-details", '{"power": "VM running"}\n')
    done = azure.run("status", "--json")
    assert done.stdout == '{"power": "VM running"}\n'
    assert option(azure.calls()[-1], "--output") == "json"


def test_a_machine_that_never_answers_is_given_up(azure: FakeAzure) -> None:
    azure.answer("ssh", status=255)
    azure.answer("ssh cat /var/lib/bench/provision.json", status=255)
    created = azure.run("create", *FROM, CREATE_LIMIT_S="1")
    assert created.returncode == 1
    assert "not ready within 1 s" in created.stderr
    started = azure.run("start", START_LIMIT_S="1")
    assert started.returncode == 1
    assert "did not answer by ssh within 1 s" in started.stderr


def test_a_failed_provisioning_is_told_and_the_machine_left(azure: FakeAzure) -> None:
    azure.provisioned("failed")
    done = azure.run("create", *FROM)
    assert done.returncode == 1
    assert "said so" in done.stderr
    assert not any(call[:2] == ["group", "delete"] for call in azure.calls())


def test_azs_own_failure_ends_it_at_once(azure: FakeAzure) -> None:
    azure.answer("az network nsg create", status=3)
    done = azure.run("create", *FROM)
    assert done.returncode == 1
    assert "az network nsg failed with status 3" in done.stderr
    assert azure.calls()[-1][:3] == ["network", "nsg", "create"]


def test_no_az_is_one_message(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "env", "id", "dirname", "mktemp", "rm", "date"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        [VM_MANAGE, "stop"], env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "az, Azure's command line, is not installed" in done.stderr


def test_delete_wants_the_name_typed(azure: FakeAzure) -> None:
    done = azure.run("delete", given="bench-other\n")
    assert done.returncode == 1
    assert "nothing was deleted" in done.stderr
    assert azure.run("delete", given="").returncode == 1
    assert not any(call[:2] == ["group", "delete"] for call in azure.calls())
    assert azure.run("delete", given="bench-test\n").returncode == 0
    assert azure.calls()[-1][:4] == ["group", "delete", "--name", "bench-test"]


@pytest.mark.parametrize(
    ("command", "tag"),
    [
        *(
            (one, "others\n")
            for one in ("start", "stop", "status", "ssh", "push", "bench", "fetch")
        ),
        *(("delete", tag) for tag in ("", "others\n", "codeflash-bench-2\n")),
    ],
)
def test_groups_of_others_are_left_alone(azure: FakeAzure, command: str, tag: str) -> None:
    azure.answer("az group show", tag)
    more = {"delete": ("--yes",), "bench": ("v1..v2",)}.get(command, ())
    done = azure.run(command, *more)
    assert done.returncode == 1
    assert "it was not made by this script" in done.stderr
    assert [call[:2] for call in azure.calls()] == [["group", "show"]]
    assert azure.calls("ssh") == []


def test_bench_runs_under_a_lock_with_a_time_out(azure: FakeAzure) -> None:
    done = azure.run("bench", "v1.0..$(reboot)", "--target", "rich", BENCH_LIMIT_S="7")
    assert done.returncode == 0, done.stderr
    line = azure.calls("ssh")[-1][-1]
    assert "flock --nonblock" in line
    assert "timeout 7 make bench TARGET=rich" in line
    assert r"\$\(reboot\)" in line
    assert f"bench@{ADDRESS}" in azure.calls("ssh")[-1]


def test_ssh_passes_its_exit_status_on(azure: FakeAzure) -> None:
    azure.answer("ssh uptime", "up\n", status=7)
    done = subprocess.run(
        [VM_MANAGE, "ssh", "--name", "bench-test", "--key", azure.folder / "key", "--", "uptime"],
        env={
            **environment(azure.folder),
            "PATH": f"{azure.folder / 'bin'}:{environment(azure.folder)['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "up\n")


def serve(azure: FakeAzure, script: str) -> None:
    """What ssh does, whatever it is told; `$command` is that."""
    ssh = azure.folder / "bin" / "ssh"
    ssh.write_text(f"#!/bin/sh\nfor command; do :; done\n{script}\n", encoding="utf-8")


PLACE = "data/codeflash/1.0..2.0/py3.13/box/20261123T064157Z-0001"
MANIFEST = json.dumps(
    {"target": "codeflash", "run_id": PLACE[-21:], "machine": {"name": "box"}, "options": {}}
)
RUN = {f"{PLACE}/run.json": MANIFEST, f"{PLACE}/rounds.jsonl": "{}\n"}


def write_all(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def test_fetch_brings_the_runs_of_the_target(azure: FakeAzure, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write_all(here, {"data/mine": "kept"})
    others = {"data/pip/1..2/py3.13/box/1/run.json": "{}", "results/README.md": "", "data/x": ""}
    locks = {f"{PLACE}/.run.json.tmp": "", "data/codeflash/1.0..2.0/py3.13/box/lock": ""}
    write_all(there / "bench", RUN | others | locks)
    serve(azure, f'cd {there} && eval "$command"')
    done = azure.run("fetch", RESULTS_TO=str(here))
    assert done.returncode == 0, done.stderr
    assert "1 new" in done.stdout
    found = {str(one.relative_to(here)) for one in here.rglob("*") if one.is_file()}
    assert found == {"data/mine", *RUN}


def test_fetch_takes_nothing_from_an_archive_that_leads_out(
    azure: FakeAzure, tmp_path: Path
) -> None:
    (azure.folder / "archive").write_bytes(archive_of(RUN | {"data/../../stolen": "x"}))
    serve(azure, f"cat {azure.folder / 'archive'}")
    done = azure.run("fetch", RESULTS_TO=str(tmp_path / "here"))
    assert done.returncode == 1
    assert "not a path below data/" in done.stderr
    assert not any(one.is_file() for one in (tmp_path / "here").rglob("*"))
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("ending", ["; exit 1", "cut", "limit"])
def test_half_an_archive_changes_nothing(azure: FakeAzure, tmp_path: Path, ending: str) -> None:
    whole = archive_of(RUN | {f"{PLACE}/base.json": "x" * 200_000})
    (azure.folder / "archive").write_bytes(whole[: len(whole) // 2] if ending == "cut" else whole)
    serve(azure, f"cat {azure.folder / 'archive'}{ending if ';' in ending else ''}")
    limits = {"FETCH_LIMIT_B": "100"} if ending == "limit" else {}
    done = azure.run("fetch", RESULTS_TO=str(tmp_path / "here"), **limits)
    assert done.returncode == 1
    assert "nothing here was changed" in done.stderr
    assert not any(one.is_file() for one in tmp_path.glob("here/**/*"))
