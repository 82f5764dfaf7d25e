"""Where the tests of a project lie that no file declares, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.target import parse_target
from bench.engine.projects.layout import Package
from bench.engine.projects.metadata import Metadata
from bench.engine.projects.own_tests import FoundTests, find_own_tests
from bench.engine.projects.proposal import ReadProject, propose

TEST = "def test_it():\n    pass\n"


def project(folder: Path, **files: str) -> Path:
    """Files by name, with `__` for `/` and the last `_` of a suffix for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(".".join(path.name.rsplit("_", 1)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


GROUPS = "[dependency-groups]\ntests = ['pytest']\ndev = ['ruff']\n"
DEV_GROUP = "[dependency-groups]\ndev = ['pytest']\n"
EXTRAS = "[project]\nname = 'x'\n[project.optional-dependencies]\ntest = ['pytest']\nfast = ['y']\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"pyproject_toml": GROUPS}, FoundTests(paths=("tests",), groups=("tests",))),
        ({"pyproject_toml": DEV_GROUP}, FoundTests(paths=("tests",), groups=("dev",))),
        ({"pyproject_toml": EXTRAS}, FoundTests(paths=("tests",), extras=("test",))),
        (
            {"pyproject_toml": DEV_GROUP + EXTRAS},
            FoundTests(paths=("tests",), extras=("test",)),
        ),
        (
            {"setup_cfg": "[options.extras_require]\ntest =\n  pytest\n"},
            FoundTests(paths=("tests",), extras=("test",)),
        ),
        (
            {"requirements-dev_txt": "-r more.txt\ncovdefaults>=2 # why\nx @ https://y/z\n-e .\n"},
            FoundTests(paths=("tests",), requirements=("pytest", "covdefaults>=2")),
        ),
        (
            {"tox_ini": "[testenv]\ndeps =\n  pretend\n  lint: ruff\n  {posargs}\n"},
            FoundTests(paths=("tests",), requirements=("pytest", "pretend")),
        ),
        ({}, FoundTests(paths=("tests",))),
        ({"pyproject_toml": "no TOML ["}, FoundTests(paths=("tests",))),
        (
            {"pyproject_toml": "dependency-groups = 3\n[tool]\npytest = 'x'\n"},
            FoundTests(paths=("tests",)),
        ),
        ({"pyproject_toml": "[tool.pytest]\ntestpaths = 3\n"}, FoundTests(paths=("tests",))),
    ],
)
def test_what_the_tests_need(tmp_path: Path, files: dict[str, str], found: FoundTests) -> None:
    made = find_own_tests(project(tmp_path, tests__test_a_py=TEST, **files))
    assert made == found


@pytest.mark.parametrize(
    "settings",
    [
        {"pyproject_toml": "[tool.pytest]\ntestpaths = ['checks', 'gone']\n"},
        {"pyproject_toml": "[tool.pytest.ini_options]\ntestpaths = 'checks gone'\n"},
        {"pytest_ini": "[pytest]\ntestpaths = checks gone\n"},
        {"setup_cfg": "[tool:pytest]\ntestpaths = checks gone\n"},
    ],
)
def test_where_the_settings_say(tmp_path: Path, settings: dict[str, str]) -> None:
    made = project(tmp_path, checks__deep__test_a_py=TEST, tests__test_b_py=TEST, **settings)
    found = find_own_tests(made)
    assert found is not None
    assert found.paths == ("checks",)


def test_no_tests(tmp_path: Path) -> None:
    assert find_own_tests(project(tmp_path, tests__data_txt="", src__a_py="")) is None


@pytest.mark.parametrize("with_tests", [False, True])
def test_they_are_run_where_they_are_asked_for(*, with_tests: bool) -> None:
    read = ReadProject(
        metadata=Metadata(name="tool", source="pyproject.toml"),
        package=Package("tool", "tool", "named like the project"),
        own_tests=FoundTests(paths=("checks",), groups=("tests",), requirements=("pytest",)),
    )
    proposal = propose(read, with_tests=with_tests)
    tests = parse_target(proposal.text).tests
    assert ("own tests: pytest checks (group tests)" in proposal.assumed) == with_tests
    if not with_tests:
        assert tests is None
        assert '# paths = ["checks"]\n# groups = ["tests"]' in proposal.text
        return
    assert tests is not None
    assert (tests.paths, tests.groups) == (("checks",), ("tests",))
    assert tests.requirements == ("pytest",)
