"""From a range to a verdict, with real commits, environments and processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import PackageServer
from support.launching import left_behind
from support.sample_project import package_files, sample_files
from support.sandbox import EXTRA, IMPORT, PYTHON, TIMING_ONLY, WORK, Sandbox, by_name, target_text

from bench.core.result import CONTROL
from bench.core.sample import Design


def test_much_slower_head_is_found_slower(sandbox: Sandbox) -> None:
    done = sandbox.run("v1.0.0..v1.1.0", "--fail-on", "slower", status=3)
    assert "slower" in done.stdout
    (run,) = sandbox.runs
    assert run.closed
    assert len(run.rounds(CONTROL)) >= 1
    files = [run.folder / f"{side}.json" for side in ("base", "head")]
    compared = subprocess.run(
        [sys.executable, "-m", "pyperf", "compare_to", *files], capture_output=True, check=False
    )
    assert compared.returncode == 0, compared.stderr
    assert b"work (cpu, duet)" in compared.stdout


def test_much_faster_head_is_found_faster(sandbox: Sandbox) -> None:
    document = sandbox.results("v1.1.0..v1.0.0", "--fail-on", "slower", "--benchmark", "work")
    work = by_name(document)["work"]
    assert work["verdict"] == "faster"
    assert work["size"]["interval"]["ratio"] < 0.8
    assert document["complete"] is True


@pytest.mark.parametrize("head", ["v1.0.1", "v1.0.0"])
def test_unchanged_head_is_no_large_change(sandbox: Sandbox, head: str) -> None:
    """A commit that only changes a comment, and the very same commit."""
    work = by_name(sandbox.results(f"v1.0.0..{head}"))["work"]
    assert 1 / 1.5 < work["interval"]["ratio"] < 1.5
    assert work["large_effect"] is False


@pytest.mark.parametrize("design", list(Design))
def test_wanted_design_is_used(sandbox: Sandbox, design: Design) -> None:
    work = by_name(sandbox.results("v1.0.0..v1.1.0", "--design", design, rounds=6))["work"]
    assert (work["design"], work["verdict"]) == (design, "slower")


def test_what_is_missing_on_one_side_is_reported_and_the_rest_goes_on(sandbox: Sandbox) -> None:
    module = 'name = "module"\nimport = "sample.extra"'
    sandbox.write_target(target_text(EXTRA, module, IMPORT))
    document = sandbox.results("v1.0.0..v1.2.0", rounds=5)
    found = by_name(document)
    for name, reason in (
        ("extra", "head: no command 'sample-extra' in this revision's environment"),
        ("module", "head: exit status 1: ModuleNotFoundError: No module named 'sample.extra'"),
    ):
        assert (found[name]["verdict"], found[name]["reason"]) == ("broken", reason)
        assert f"{name} is broken: it works on base and fails on {reason}" in document["notes"]
    assert found["import"]["rounds"] == 5
    assert found["import"]["net"] is not None


def test_head_that_works_no_more_is_broken(sandbox: Sandbox) -> None:
    """Also where there is nothing else to say; CI that asks about slower hears of it."""
    done = sandbox.run("v1.0.0..fails", "--fail-on", "slower", status=7)
    assert "work: broken, head: exit status 1: sample: cannot work today" in done.stderr
    assert "work is broken" in done.stdout
    assert "Exit status 7: broken on head: work." in done.stdout
    sandbox.run("v1.0.0..fails")


def test_head_that_works_again_is_no_failure(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(WORK, IMPORT))
    options = ("--fail-on", "slower,broken", "--json")
    done = sandbox.run("fails..v1.0.0", *options, rounds=5)
    work = by_name(json.loads(done.stdout)[0])["work"]
    assert (work["verdict"], work["works_on"]) == (None, ["head"])
    assert "works on head only" in done.stderr


def test_everything_fails(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text('name = "fail"\ncommand = ["sample", "fail"]'))
    done = sandbox.run("v1.0.0..v1.1.0", status=4)
    assert "fail: not measured, base and head: exit status 1: sample: no such luck" in done.stderr
    assert "No benchmark of sample" in done.stderr


def test_hung_command_is_stopped_with_its_children(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(f"{WORK}\ntimeout_s = 2", IMPORT))
    found = by_name(sandbox.results("v1.0.0..hangs", rounds=5))
    assert found["work"]["reason"] == "head: still running after 2 s: stopped"
    assert found["import"]["verdict"] is not None
    assert not left_behind("sleep 4243", sandbox.cache)


def test_command_that_fails_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(WORK, IMPORT))
    done = sandbox.run("v1.0.0..counts", "--json", rounds=20)
    found = by_name(json.loads(done.stdout)[0])
    assert found["work"]["verdict"] == "broken"
    assert "head: failed in" in found["work"]["reason"]
    assert "sample: worn out" in found["work"]["reason"]
    assert found["import"]["verdict"] is not None
    lines = [line for line in done.stderr.splitlines() if line.startswith("work: ")]
    assert any("worn out" in line for line in lines), lines


def test_one_round_is_too_few_and_no_error(sandbox: Sandbox) -> None:
    done = sandbox.run("v1.0.0..v1.1.0", "--json", rounds=1)
    work = by_name(json.loads(done.stdout)[0])["work"]
    assert (work["verdict"], work["rounds"]) == ("undecided", 1)
    assert (work["interval"]["high"]) is None


def test_budget_ends_measuring(sandbox: Sandbox) -> None:
    document = sandbox.results("v1.0.0..v1.0.1", "--budget", "0.01", rounds=500)
    work = by_name(document)["work"]
    assert work["rounds"] < 20
    assert work["reason"].startswith(("budget of 0.01 s spent", "settled"))


def test_releases_without_a_clone(own_cache: Sandbox, package_server: PackageServer) -> None:
    for month, version, units in ((1, "1!1.0", 1), (2, "1!2", 4)):
        files = package_files(sample_files(version, units=units))
        when = f"2026-{month:02d}-01T00:00:00Z"
        scripts = {"sample": "sample.cli:main"}
        package_server.add("sample-project", version, files, uploaded=when, scripts=scripts)
    own_cache.extra.update(package_server.environ)
    own_cache.write_target(target_text(released=True))
    done = own_cache.bench(
        "run", "sample", "1!1.0..1!2", *TIMING_ONLY, "--rounds", "6", "--json", status=0
    )
    (document,) = json.loads(done.stdout)
    assert by_name(document)["work"]["verdict"] == "slower"
    assert "releases of sample-project on" in done.stderr
    assert not own_cache.workspace.repos.exists()
    own_cache.extra["UV_DEFAULT_INDEX"] = package_server.url + "/simple"
    asked = len(package_server.requests)
    own_cache.bench("run", "sample", "1!2", "--dry-run", status=0)
    assert len(package_server.requests) == asked


def test_two_pythons(sandbox: Sandbox, other_interpreter: object) -> None:
    other = str(getattr(other_interpreter, "version", ""))
    options = ("--python", PYTHON, "--python", other, "--benchmark", "work")
    done = sandbox.run("v1.0.0..v1.1.0", "--json", *options, rounds=6)
    documents = json.loads(done.stdout)
    assert [one["python"].rpartition(".")[0] for one in documents] == [PYTHON, other]
    assert {run.manifest.python for run in sandbox.runs} == {PYTHON, other}


def test_secrets_reach_neither_subject_nor_data(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("GITHUB_TOKEN", "BENCH_PASSWORD", "CODEFLASH_API_KEY", "PYTHONPATH_EXTRA"):
        sandbox.extra[name] = "hunter2"
    sandbox.extra["BENCH_SANDBOX"] = "off"  # the program shall be able to write what it knows
    told = tmp_path / "told"
    command = f'name = "tells"\ncommand = ["sample", "environment", "{told}"]'
    sandbox.write_target(target_text(command, rest='env = { OWN = "yes" }'))
    sandbox.run("v1.0.0..v1.0.1", rounds=5)
    assert "'OWN': 'yes'" in told.read_text(encoding="utf-8")
    texts = [told, *(path for path in sandbox.folder.rglob("*") if path.is_file())]
    assert not [str(path) for path in texts if b"hunter2" in path.read_bytes()]


def test_tampered_environment_is_not_measured(own_cache: Sandbox) -> None:
    own_cache.run("v1.0.0..v1.1.0", rounds=5)
    for file in own_cache.workspace.environments.glob("*/venv/lib/*/site-packages/sample/cli.py"):
        content = file.read_text(encoding="utf-8")
        file.unlink()
        file.write_text(f"{content}# changed\n", encoding="utf-8")
    done = own_cache.run("v1.0.0..v1.1.0", status=5)
    assert "Something wrote into it" in done.stderr


def test_environment_changed_while_it_is_measured(own_cache: Sandbox) -> None:
    """Proven before and after: the run is not complete, and says why."""
    code = "import sample, pathlib; pathlib.Path(sample.__file__).with_name('cli.py').touch(); "
    code += "p = pathlib.Path(sample.__file__).with_name('extra.py'); p.write_text('x = 1\\n')"
    command = json.dumps(["python", "-c", code])
    own_cache.write_target(target_text(f'name = "vandal"\ncommand = {command}'))
    own_cache.extra["BENCH_SANDBOX"] = "off"  # there it could not
    done = own_cache.run("v1.0.0..v1.1.0", status=5, rounds=5)
    assert "Something wrote into it" in done.stderr
    (run,) = own_cache.runs
    assert run.closed is None
    assert run.refused is not None
    assert run.rounds("vandal")
    again = own_cache.run("v1.0.0..v1.1.0", status=5, rounds=5)
    assert "going on with" not in again.stderr
    assert [one.refused is not None for one in own_cache.runs] == [True, True]


def test_another_working_directory_that_shadows_the_project(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "sample.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text("", encoding="utf-8")
    done = sandbox.bench(
        "run", "sample", "v1.0.0..v1.1.0", "--repo", sandbox.repository, *TIMING_ONLY,
        "--rounds", "6", status=0, cwd=tmp_path,
    )  # fmt: skip
    assert "shadowed" not in done.stdout + done.stderr
