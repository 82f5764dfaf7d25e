"""`bench run PATH` and `bench init PATH`, as a user would."""

from __future__ import annotations

import json

from support.sandbox import Sandbox, by_name

from bench.core.target import parse_target

QUICK = ("--quick", "--rounds", "10", "--budget", "20")


def test_checkout_is_measured(sandbox: Sandbox) -> None:
    done = sandbox.bench(
        "run", sandbox.repository, *QUICK, "--json", "-k", "version or import-sample",
        "v1.1.0..v1.2.0", status=0,
    )  # fmt: skip
    (document,) = json.loads(done.stdout)
    assert "read from pyproject.toml: sample-project, imported as sample" in done.stderr
    assert "range, if none is given" not in done.stderr
    found = by_name(document)
    assert found["sample-version"]["verdict"]
    assert found["sample-extra-version"]["verdict"] == "broken"
    (run,) = sandbox.runs
    assert run.manifest.target == "sample-project@project"


def test_options_stand_anywhere(sandbox: Sandbox) -> None:
    repo, revisions = str(sandbox.repository), "v1.0.0..v1.0.1"
    said = {
        sandbox.bench("run", *words, status=0).stdout
        for words in (
            (repo, revisions, "--dry-run"),
            ("--dry-run", repo, revisions),
            (repo, "--dry-run", revisions),
            (repo, "--dry-run", "--", revisions),
            ("--dry-run", "--", repo, revisions),
        )
    }
    assert len(said) == 1


def test_relative_path_and_its_own_range(sandbox: Sandbox) -> None:
    done = sandbox.bench("run", ".", "--dry-run", cwd=sandbox.repository, status=0)
    assert "range, if none is given: v1.2.0..HEAD" in done.stdout + done.stderr


def test_init_writes_what_run_measures_and_never_again(sandbox: Sandbox) -> None:
    done = sandbox.bench("init", sandbox.repository, status=0)
    file = sandbox.workspace.targets / "sample-project.toml"
    assert f"written: {file}" in done.stdout
    target = parse_target(file.read_text())
    assert target.name == "sample-project"
    file.write_text("mine")
    again = sandbox.bench("init", sandbox.repository, status=2)
    assert "is there already, and is left as it is" in again.stderr
    assert file.read_text() == "mine"


def test_init_of_a_declared_name(sandbox: Sandbox) -> None:
    assert "sample is declared" in sandbox.bench("init", "sample", status=2).stderr


def test_no_file_takes_the_kept_name(sandbox: Sandbox) -> None:
    text = (sandbox.workspace.targets / "sample.toml").read_text()
    sandbox.write_target(text.replace('"sample"', '"sample@project"', 1), "sample@project")
    done = sandbox.bench("run", "sample@project", "v1.0.0..v1.0.1", status=2)
    assert "are for projects without a file" in done.stderr


def test_its_benchmarks_are_listed(sandbox: Sandbox) -> None:
    done = sandbox.bench("targets", sandbox.repository, status=0)
    assert "import-sample.cli" in done.stdout
