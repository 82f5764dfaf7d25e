"""A project's own suites, from `bench run` to verdicts: head does three times the work."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.sandbox import PYTHON, Sandbox, by_name

_PATIENCE_S = 1500.0

FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tinysuite"
version = "1.0"
[tool.pytest.ini_options]
addopts = "--nobody-knows-this"
""",
    "tinysuite/__init__.py": """\
def work(n):
    total = 0
    for number in range(n):
        total += number * number
    return total
""",
    "tests/__init__.py": "",
    "tests/bench/__init__.py": "",
    "tests/bench/test_work.py": """\
import pytest
from tinysuite import work

@pytest.mark.parametrize("n", [1000, 4000])
def test_work(benchmark, n):
    assert benchmark(work, n) > 0

@pytest.mark.skip(reason="not today")
def test_skipped(benchmark):
    benchmark(work, 3)
""",
    "tests/test_plain.py": """\
from tinysuite import work

def test_plain():
    sorted(range(10_000), key=lambda n: -n)
    assert [work(n) for n in range(0, 6000, 100)]
""",
    "asv.conf.json": '{"version": 1, "project": "tinysuite"}',
    "benchmarks/__init__.py": "",
    "benchmarks/suite.py": """\
from tinysuite import work

class TimeSuite:
    params = [2000]

    def setup(self, n):
        self.n = n

    def time_work(self, n):
        work(self.n)
""",
}
HEAD = FILES["tinysuite/__init__.py"].replace("range(n)", "range(3 * n)")
TARGET = f"""\
name = "tinysuite"
layer = "test"
distribution = "tinysuite"
module = "tinysuite"
clone = "file:///nowhere"
released = false
pythons = ["{PYTHON}"]

[[benchmark]]
name = "bench"
pytest = "tests/bench"

[[benchmark]]
name = "function"
pytest = "tests/test_plain.py"
function = "tinysuite:work"

[[benchmark]]
name = "asv"
asv = "."

[[benchmark]]
name = "nothing"
pytest = "tests/nowhere/*.py"
"""


def _git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "base")
    (folder / "tinysuite" / "__init__.py").write_text(HEAD, encoding="utf-8")
    _git(folder, "commit", "-qam", "head")
    return folder


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(_PATIENCE_S)
def test_suites_find_what_was_made_slower(sandbox: Sandbox, project: Path) -> None:
    sandbox.write_target(TARGET, "tinysuite")
    with sandbox.start(
        "run", "tinysuite", "HEAD~1..HEAD", "--repo", project, "--quick", "--json",
        "--rounds", "20", "--budget", "30",
    ) as process:  # fmt: skip
        printed, _ = process.communicate(timeout=_PATIENCE_S)
    (document,) = json.loads(printed)
    found = by_name(document)
    for name in ("bench-work-1000", "bench-work-4000", "function", "asv-suite-work-2000"):
        assert found[name]["verdict"] == "slower", found[name]
        assert 2 < found[name]["size"]["interval"]["ratio"] < 4, found[name]
    assert "not today" in found["bench-work-skipped"]["reason"]
    assert found["nothing"]["reason"].endswith("there is no tests/nowhere/*.py")
