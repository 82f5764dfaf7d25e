"""The GitHub Action: its files are sound, and its steps, run as scripts, do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.package import slower_project
from support.sandbox import ROOT

from bench.core.program import VERSION

ACTION = ROOT / "action.yml"
COMMENT = ROOT / ".github" / "actions" / "comment" / "action.yml"
COPIED = sorted((ROOT / "infra" / "workflows").glob("*.yml"))
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FILES = (ACTION, COMMENT, *COPIED, *OWN)
HASH = "0" * 40
USES = re.compile(r"uses: (\S+)@(\S+)( # \S+)?")


def text_of(file: Path) -> str:
    """A file as a user has it: with the commit of this repository filled in."""
    return file.read_text(encoding="utf-8").replace("@COMMIT", f"@{HASH}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_other_actions_are_pinned_by_their_commit(file: Path) -> None:
    used = USES.findall(text_of(file))
    assert used
    assert all(re.fullmatch("[0-9a-f]{40}", version) and named for _, version, named in used)


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for file in (*COPIED, *OWN):
        (folder / file.name).write_text(text_of(file))
    for file in (ACTION, COMMENT):
        place = tmp_path / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text_of(file))
    words = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", tmp_path]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(done.stderr.count(file.name) for file in (*COPIED, *OWN))


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not on PATH")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    for file in (*COPIED, *OWN):
        (tmp_path / file.name).write_text(text_of(file).replace("[self-hosted, bench]", "linux"))
    words = ["actionlint", *map(str, tmp_path.glob("*.yml"))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def steps(file: Path) -> list[dict[str, Any]]:
    """The steps that are scripts."""
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [step for step in whole["runs"]["steps"] if "run" in step]


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    for number, step in enumerate([*steps(ACTION), *steps(COMMENT)]):
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/bash\nset -eo pipefail\n{step['run']}")
    words = ["shellcheck", *map(str, tmp_path.glob("*.sh"))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_value_reaches_a_script_as_a_variable() -> None:
    for step in (*steps(ACTION), *steps(COMMENT)):
        assert "${{" not in step["run"]
        used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", step["run"]))
        given = {name for name in used if not name.startswith(("GITHUB_", "RUNNER_"))}
        assert given <= set(step["env"])


@dataclass(frozen=True)
class Runner:
    """What GitHub's runner gives a step: files to write to, and programs."""

    folder: Path

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def program(self, name: str, text: str) -> None:
        """A program on PATH."""
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
        file.chmod(0o755)

    def run(
        self, step: dict[str, Any], variables: dict[str, str], cwd: Path, status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a step as the runner does; `variables` are those of its `env`."""
        self.temp.mkdir(exist_ok=True, parents=True)
        assert set(variables) == set(step["env"])
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BENCH_", "PYTHON"))}
        own = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "a/b",
            "GITHUB_RUN_ID": "7",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=cwd, env=kept | own | variables, capture_output=True, text=True, timeout=280,
            check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done

    @property
    def outputs(self) -> dict[str, str]:
        """What the step told the ones after it."""
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / "runner")


# `uvx --from PATH duetbench …`, with what this session has installed from that path.
UVX = """\
#!/bin/sh
[ "$1 $3" = "--from duetbench" ] && [ -f "$2/pyproject.toml" ] || exit 99
shift 3
exec COMMAND "$@"
"""


@pytest.mark.network
def test_a_pull_request_is_measured(runner: Runner, installed: Path, tmp_path: Path) -> None:
    project = slower_project(tmp_path / "project")
    runner.program("uvx", UVX.replace("COMMAND", str(installed)))
    measure, fail = steps(ACTION)
    variables = {
        "TARGET": ".", "BASE": "v1.0.0", "HEAD": "v1.1.0", "FAIL_ON": "slower,broken",
        "OPTIONS": "--benchmark import-sample --quick --rounds 10 --budget 20",
    }  # fmt: skip
    runner.run(measure, variables, project.path)
    assert runner.outputs == {"status": "3", "folder": str(runner.temp / "duetbench")}
    base = project.git("rev-parse", "v1.0.0")
    summary = (runner.folder / "summary").read_text()
    assert summary == (runner.temp / "duetbench" / "summary.md").read_text()
    title = f"**sample-project {base[:7]} → v1.1.0:**"
    assert summary.startswith(f"{title} **1 of 1 benchmark slower**")
    assert "[everything](https://github.example/a/b/actions/runs/7)" in summary
    (document,) = json.loads((runner.temp / "duetbench" / "results.json").read_text())
    assert document["head"]["name"] == "v1.1.0"
    # All of it lies in a folder of the project's that git ignores.
    kept = project.path / ".bench"
    assert {one.name for one in kept.iterdir()} == {".gitignore", "cache", "data"}
    (manifest,) = kept.glob("data/*/*/*/*/*/run.json")
    assert json.loads(manifest.read_text())["harness"]["commit"] == f"duetbench {VERSION}"
    assert not project.git("status", "--porcelain")
    runner.run(fail, {"STATUS": runner.outputs["status"]}, project.path, status=3)

    # What cannot be measured is told too, and not with the figures of another pair.
    (runner.folder / "output").unlink()
    (runner.folder / "summary").unlink()
    runner.run(measure, {**variables, "HEAD": "nowhere"}, project.path)
    assert runner.outputs["status"] == "2"
    assert "**Nothing was measured** (exit status 2)" in (runner.folder / "summary").read_text()


GH = """\
#!/usr/bin/env python3
import json, os, pathlib, sys
words = sys.argv[1:]
log = pathlib.Path(os.environ["RUNNER_TEMP"], "gh")
with log.open("a") as stream:
    stream.write(json.dumps(words) + "\\n")
address = next(word for word in words if word.startswith("repos/"))
if address.endswith("/pulls"):
    print("1" * 40, 4)
    print("2" * 40, 5)
elif "--paginate" in words and THERE:
    print(91)
    print(92)
"""


@pytest.mark.parametrize(("there", "method"), [(True, "PATCH"), (False, "POST")])
def test_a_comment_is_posted_or_renewed(runner: Runner, *, there: bool, method: str) -> None:
    runner.program("gh", GH.replace("THERE", str(there)))
    said = runner.temp / "duetbench-said"
    said.mkdir(parents=True)
    (said / "summary.md").write_text("**a** $(touch gone) `@everybody`\n" * 40)
    (step,) = steps(COMMENT)
    variables = {
        "GH_TOKEN": "t", "REPOSITORY": "a/b", "OWNER": "fork", "BRANCH": "perf/x", "SHA": "2" * 40,
    }  # fmt: skip
    runner.run(step, variables, runner.folder)
    asked, listed, posted = map(json.loads, (runner.temp / "gh").read_text().splitlines())
    assert "head=fork:perf/x" in asked
    assert "repos/a/b/issues/5/comments" in listed
    assert posted[posted.index("--method") + 1] == method
    assert ("repos/a/b/issues/comments/91" in posted) is there
    body = (runner.temp / "comment.md").read_text()
    assert body.startswith("<!-- duetbench -->\n**a** $(touch gone)")
    assert "@e" not in body  # mentions nobody
    assert len(body.splitlines()) == 21
    assert not (runner.folder / "gone").exists()


def test_a_commit_without_a_pull_request_gets_no_comment(runner: Runner) -> None:
    runner.program("gh", GH.replace("THERE", "False"))
    (step,) = steps(COMMENT)
    variables = {
        "GH_TOKEN": "t", "REPOSITORY": "a/b", "OWNER": "a", "BRANCH": "x", "SHA": "3" * 40,
    }  # fmt: skip
    done = runner.run(step, variables, runner.folder)
    assert "no open pull request" in done.stdout
    assert len((runner.temp / "gh").read_text().splitlines()) == 1


def test_the_readme_has_the_workflow_to_copy() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "infra" / "workflows" / "duetbench.yml").read_text(encoding="utf-8") in text
