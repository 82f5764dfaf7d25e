"""`bench rank` from a repository to its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import PYTHON, Sandbox, target_text

_CLI = """\
import json
import sys
import xml.dom.minidom

from sample import report


def main():
    if sys.argv[1:] == ["work"]:
        return
    print(json.dumps({}), xml.dom.minidom, report)
"""
_REPORT = """\
import json


def write():
    return json


def busy():
    return list([json.loads(json.dumps(one)) for one in range(3000)])
"""
_SCRIPT = """\
import pyperf
from sample.report import busy

pyperf.Runner().bench_func("some", busy)
"""


@pytest.fixture
def importing(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    """A sandbox with a project that imports more than it needs."""
    repository = Repository.create(tmp_path / "importing")
    files = sample_files("1.0.0", extra=False)
    files |= {"sample/cli.py": _CLI, "sample/report.py": _REPORT}
    repository.commit(files, "Imports too much", tag="v1")
    return Sandbox(sandbox.folder, sandbox.cache, repository.path)


def test_the_ranking_is_stored_shown_and_verified(importing: Sandbox) -> None:
    done = importing.bench(
        "rank", "sample", "v1", "--repo", importing.repository, "--seconds", "0.5", "--all",
        status=0,
    )  # fmt: skip
    assert "sample/cli.py:3" in done.stdout
    (file,) = (importing.workspace.data / "rank").rglob("*.json")
    stored = json.loads(file.read_text(encoding="utf-8"))
    check = stored["checks"][0]
    assert check["modules_predicted"] == check["modules_measured"] > 5
    assert "unexpected" not in check
    assert "still_there" not in check
    assert check["base_s"] > 0
    assert check["importtime_s"] > 0
    vain = [one for one in stored["patterns"] if one["kind"] == "deferring in vain"]
    assert all("saves nothing" in one["evidence"] for one in vain)
    assert {one["line"] for one in stored["findings"]} >= {1, 3}
    folder = importing.workspace.results / "rank" / "sample"
    (page,) = folder.glob("*.md")
    text = page.read_text(encoding="utf-8")
    assert "`sample/cli.py:3` `xml`: import it in `main`" in text
    assert "import xml.dom.minidom" not in text + file.read_text(encoding="utf-8")
    assert re.search(r"\sof\s[0-9.]+\sm?s\s\([^)]*\srounds\)", text)  # the base of the saving
    assert f"work, Python {PYTHON}" in text
    index = (importing.workspace.results / "all.md").read_text(encoding="utf-8")
    assert f"rank/sample/{page.name}" in index
    (patch,) = folder.glob("*.patch")
    assert "-import xml.dom.minidom" in patch.read_text(encoding="utf-8")
    assert f"({patch.name})" not in text  # Git ignores it, so nothing links to it
    before = {file: file.read_bytes() for file in folder.rglob("*")}
    importing.bench("report", status=0)
    assert before == {file: file.read_bytes() for file in folder.rglob("*")}


_SEEN = """\
import decimal
import sys
import xml.dom.minidom


def main():
    if sys.argv[1:] == ["never"]:
        print(decimal, xml.dom.minidom)
    print("xml.dom" in sys.modules)
"""


def test_what_would_break_is_left_out(tmp_path: Path, sandbox: Sandbox) -> None:
    repository = Repository.create(tmp_path / "seen")
    files = sample_files("1.0.0", extra=False) | {"sample/cli.py": _SEEN}
    repository.commit(files, "Prints what it has imported", tag="v1")
    seen = Sandbox(sandbox.folder, sandbox.cache, repository.path)
    done = seen.bench(
        "rank", "sample", "v1", "--repo", seen.repository, "--seconds", "0", "--all", status=0
    )
    (file,) = (seen.workspace.data / "rank").rglob("*.json")
    stored = json.loads(file.read_text(encoding="utf-8"))
    assert [one["line"] for one in stored["findings"]] == [1]
    (excluded,) = stored["excluded"]
    assert (excluded["line"], excluded["names"], excluded["check"]) == (3, ["xml"], "scenarios")
    assert "-True" in excluded["words"]
    assert [one["name"] for one in stored["proofs"]] == [
        "compile", "ruff", "imports", "names", "scenarios",
    ]  # fmt: skip
    assert (
        "left out: `sample/cli.py:3` `xml` (scenarios): work standard output differs"
        in " ".join(done.stdout.split())
    )
    (patch,) = (seen.workspace.results / "rank" / "sample").glob("*.patch")
    assert "-import decimal" in patch.read_text(encoding="utf-8")
    assert "-import xml.dom.minidom" not in patch.read_text(encoding="utf-8")
    (page,) = (seen.workspace.results / "rank" / "sample").glob("*.md")
    text = page.read_text(encoding="utf-8")
    assert "Predicted saving" in text
    assert "### Left as they are, since something would break" in text


def test_a_script_is_ranked_without_its_imports(importing: Sandbox) -> None:
    script = importing.workspace.suites / "bm_some" / "run_benchmark.py"
    script.parent.mkdir(parents=True)
    script.write_text(_SCRIPT, encoding="utf-8")
    importing.write_target(target_text('name = "some"\nscript = "some"'))
    asked = ("rank", "sample", "v1", "--repo", importing.repository)
    assert "--scenario" in importing.bench(*asked, status=2).stderr
    importing.bench(*asked, "--scenario", "some", "--seconds", "0.1", status=0)
    (file,) = (importing.workspace.data / "rank").rglob("*.json")
    stored = json.loads(file.read_text(encoding="utf-8"))
    (page,) = (importing.workspace.results / "rank" / "sample").glob("*.md")
    text = page.read_text(encoding="utf-8")
    assert "A value of the pyperf script `some`" in text
    assert stored["findings"] == []
    if any("py-spy" in one for one in stored["problems"]):
        return  # a container may not let it look into processes

    assert "sample.report: busy" in text
    (busy,) = [one for one in stored["hot"] if one["name"] == "busy"]
    assert [one["rule"] for one in busy["hints"]] == ["C411"]
    assert "`sample/report.py:9` in `busy`: C411" in text


def test_a_scenario_that_fails_is_named(importing: Sandbox) -> None:
    importing.write_target(target_text('name = "bad"\ncommand = ["python", "-c", "raise OSError"]'))
    done = importing.bench("rank", "sample", "v1", "--repo", importing.repository, status=4)
    assert "bad" in done.stderr


def test_a_pattern_that_matches_nothing_is_named(importing: Sandbox) -> None:
    done = importing.bench("rank", "sample", "v1", "--scenario", "nothing", status=2)
    assert "--scenario nothing matches nothing in sample" in done.stderr


_ALONE = """\
import json
import os
import time


def main():
    os.mkdir({lock!r})  # fails while another is at it
    time.sleep(0.1)
    os.rmdir({lock!r})
"""


def test_what_has_a_home_of_its_own_runs_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    repository = Repository.create(tmp_path / "alone")
    files = sample_files("1.0.0", extra=False)
    lock = str(tmp_path / "busy")
    repository.commit(files | {"sample/cli.py": _ALONE.format(lock=lock)}, "Works alone", tag="v1")
    sandbox.write_target(target_text('name = "work"\ncommand = ["sample"]\nprepare = ["sample"]'))
    extra = {"BENCH_SANDBOX": "off"}  # in one, nobody could see the lock of another
    done = Sandbox(sandbox.folder, sandbox.cache, repository.path, extra).bench(
        "rank", "sample", "v1", "--repo", repository.path, "--scenario", "work", "--seconds", "0",
        "--no-report", status=0,
    )  # fmt: skip
    assert "stored: " in done.stdout + done.stderr
