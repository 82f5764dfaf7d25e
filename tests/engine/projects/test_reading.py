"""Projects in checkouts and on the index, as targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.tags import platform_tags
from support.index import PackageServer
from support.sample_project import Repository, sample_files

from bench.core.errors import UsageError
from bench.core.target import parse_target
from bench.core.workspace import Workspace
from bench.engine.projects.reading import is_path, read_checkout, read_release


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Three commits; the second is the release 1.1.0."""
    made = Repository.create(tmp_path / "checkout")
    made.commit(sample_files("1.0.0"), "First")
    made.commit(sample_files("1.1.0"), "Second", tag="v1.1.0")
    made.git("tag", "v1.2.0rc1")
    made.commit(sample_files("1.1.1"), "Third", tag="v1.3.0.dev1")
    return made


def default_range(path: Path) -> tuple[str, str]:
    found = read_checkout(path).project
    return found.default_range, found.why_range


def test_checkout(repository: Repository) -> None:
    found = read_checkout(repository.path)
    target, text = found.target()
    assert found.repo == repository.path
    assert (target.name, target.distribution) == ("sample-project@project", "sample-project")
    assert (target.module, target.clone) == ("sample", str(repository.path))
    assert [one.command or one.statement for one in target.benchmark] == [
        ("sample", "--version"), ("sample", "--help"),
        ("sample-extra", "--version"), ("sample-extra", "--help"),
        "sample", "sample.cli", "sample.extra",
    ]  # fmt: skip
    assert "commands sample, sample-extra" in text.assumed[0]


def test_last_release_against_head(repository: Repository) -> None:
    assert default_range(repository.path) == (
        "v1.1.0..HEAD", "the last tag of a version before HEAD"
    )  # fmt: skip


def test_a_release_against_the_one_before(repository: Repository) -> None:
    repository.git("tag", "v2.0.0")
    assert default_range(repository.path)[0] == "v1.1.0..HEAD"


def test_tags_that_once_had_the_projects_name(repository: Repository) -> None:
    repository.git("tag", "sample-project-0.9", "v1.1.0^")
    assert default_range(repository.path)[0] == "v1.1.0..HEAD"
    repository.git("tag", "sample-project-1.2", "v1.1.0")
    repository.commit(sample_files("1.3"), "Fourth", tag="sample-project-1.3")
    repository.commit(sample_files("1.4"), "Fifth")
    assert default_range(repository.path)[0] == "sample-project-1.3..HEAD"


def test_a_branch_against_where_it_began(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    assert default_range(repository.path)[0] == "v1.1.0..HEAD", "nothing is on it yet"
    fork = repository.git("rev-parse", "HEAD")
    repository.commit(sample_files("1.1.2"), "Fourth")
    repository.git("checkout", "--quiet", "main")
    repository.commit(sample_files("1.1.3"), "Fifth")
    repository.git("checkout", "--quiet", "feature")
    assert default_range(repository.path) == (f"{fork[:10]}..HEAD", "where HEAD left main")


def test_what_is_not_committed(repository: Repository) -> None:
    (repository.path / "notes.txt").touch()
    assert default_range(repository.path)[0] == "v1.1.0..HEAD", "notes are no change of the code"
    (repository.path / "sample" / "cli.py").write_text("pass\n")
    assert default_range(repository.path) == ("HEAD..", "what is not committed")


def test_without_releases_the_last_commit(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "young")
    made.commit(sample_files("1.0.0"), "First")
    assert default_range(made.path) == ("", "")
    made.commit(sample_files("1.0.1"), "Second")
    assert default_range(made.path) == ("HEAD~1..HEAD", "the commit before HEAD")


def test_member_of_a_repository_of_several(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "several")
    files = {f"packages/one/{path}": text for path, text in sample_files("1.0.0").items()}
    made.commit(files | {"pyproject.toml": "[tool.ruff]\n"}, "First")
    made.git("tag", "sample-project-v1.0")
    made.git("tag", "other-v9.0")
    made.commit(files | {"README.md": ""}, "Second", tag="other-v9.1")
    made.commit(files, "Third")
    assert default_range(made.path / "packages" / "one")[0] == "sample-project-v1.0..HEAD"
    target, _ = read_checkout(made.path / "packages" / "one").target()
    assert target.install.subfolder == "packages/one"
    (made.path / "pyproject.toml").write_text("[tool.ruff]\n")
    with pytest.raises(UsageError) as raised:
        read_checkout(made.path)
    assert "say no name that can be read without running code" in raised.value.message
    assert str(made.path / "packages/one") in raised.value.hint


TIMED = "def test_it(benchmark):\n    benchmark(len, [])\n"


def test_its_own_benchmarks_for_pytest(repository: Repository) -> None:
    for name, content in {
        "bench/test_a.py": TIMED, "bench/test_b.py": TIMED, "tests/test_c.py": TIMED,
        "tests/test_d.py": "def test_benchmark():\n    pass\n", ".venv/lib/test_e.py": TIMED,
    }.items():  # fmt: skip
        (repository.path / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.path / name).write_text(content)
    target, text = read_checkout(repository.path).target()
    tables = [one for one in target.benchmark if one.is_suite]
    assert [(one.name, one.pytest, one.default) for one in tables] == [
        ("bench", "bench", True), ("tests-test_c", "tests/test_c.py", True)
    ]  # fmt: skip
    assert "3 benchmarks for pytest in bench, tests/test_c.py" in text.assumed
    many = TIMED + "".join(TIMED.replace("test_it", f"test_{n}") for n in range(9))
    (repository.path / "bench" / "test_a.py").write_text(many)
    target, text = read_checkout(repository.path).target()
    assert not any(one.default for one in target.benchmark if one.is_suite)
    assert text.assumed[-1].endswith(": measured with --group pytest")


def test_its_asv_suite(repository: Repository) -> None:
    assert not any("asv" in line for line in read_checkout(repository.path).target()[1].assumed)
    settings = repository.path / "perf" / "asv.conf.json"
    settings.parent.mkdir()
    settings.write_text('{"benchmark_dir": "suite"}')
    target, text = read_checkout(repository.path).target()
    assert not target.has_suites  # an environment would need its runner
    assert "an asv suite in perf: not measured here" in text.assumed[-1]
    taken_in = re.sub(r"^# (\[\[bench|(name|group|asv) =)", r"\1", text.text, flags=re.MULTILINE)
    assert parse_target(taken_in).benchmark[-1].asv == "perf"


def test_password_of_the_origin_stays_out(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "https://me:secret@example.org/one/two.git")
    assert read_checkout(repository.path).target()[0].clone == "https://example.org/one/two.git"


def test_folders_without_a_project(repository: Repository, tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "nowhere", "There is no folder"),
        (tmp_path, "is in no git checkout"),
        (repository.path / "sample", "there is no pyproject.toml, setup.cfg or setup.py"),
    ):
        with pytest.raises(UsageError, match=said):
            read_checkout(path)


def test_package_that_is_not_found(repository: Repository) -> None:
    text = '[project]\nname = "unlike"\n'
    repository.commit({"pyproject.toml": text, "odd/place/x.py": ""}, "Odd")
    with pytest.raises(UsageError, match="The package of unlike was not found"):
        read_checkout(repository.path)


def test_what_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here").mkdir()
    assert all(map(is_path, (".", "..", "./x", "/x", "~/x", "here")))
    assert not any(map(is_path, ("there", "rich", "pypi:here")))


@pytest.fixture
def index(package_server: PackageServer, monkeypatch: pytest.MonkeyPatch) -> PackageServer:
    """An index with four releases of a package, of which the last is no final one."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{package_server.url}/simple")
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0rc1"):
        package_server.add_sdist("sample-project", version, sample_files(version))
    package_server.add_sdist("sample-project", "0.9", {})
    return package_server


def test_package_of_the_index(index: PackageServer, workspace: Workspace) -> None:
    found = read_release("sample-project", "1.0..1.1", workspace)
    target, _ = found.target()
    assert (found.repo, target.clone, target.released) == (None, "", True)
    assert len(target.benchmark) == 7
    assert target.default_range == ""


def test_the_two_newest_releases(index: PackageServer, workspace: Workspace) -> None:
    found = read_release("pypi:sample-project", None, workspace)
    assert found.project.default_range == "1.1.0..1.2.0"


@pytest.mark.parametrize(
    ("name", "revisions", "said"),
    [
        ("sample-project", "1.0..main", "ends in no version of it"),
        ("sample-project", "1.0..", "ends in no version of it"),
        ("sample-project", "1.0..7.0", "has no release 7.0"),
        ("gone", "1.0..2.0", "no declared target and no folder here, and no package either"),
        ("sample-project", "0.9", "No project can be read from release 0.9"),
    ],
)
def test_what_cannot_be_had(
    index: PackageServer, workspace: Workspace, name: str, revisions: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read_release(name, revisions, workspace)


def test_without_a_source_distribution_a_wheel_is_read(
    index: PackageServer, workspace: Workspace
) -> None:
    files = {"sample/__init__.py": "", "sample/cli.py": "def main(): pass"}
    index.add("sample-project", "1.3.0", files, scripts={"sample": "sample.cli:main"})
    target, text = read_release("sample-project", "1.3.0", workspace).target()
    assert [one.name for one in target.benchmark] == [
        "sample-version", "sample-help", "import-sample", "import-sample.cli",
    ]  # fmt: skip
    assert text.assumed[0].startswith("read from METADATA: sample-project, imported as sample ")


def test_with_wheels_for_other_machines_alone(index: PackageServer, workspace: Workspace) -> None:
    index.add("sample-project", "1.3.0", {})
    index.files["sample-project"][-1]["filename"] = "sample_project-1.3.0-cp313-cp313-win32.whl"
    with pytest.raises(UsageError, match=r"1\.3\.0 has neither a source distribution nor a wheel"):
        read_release("sample-project", "1.3.0", workspace)


def test_python_for_which_both_releases_have_wheels(
    index: PackageServer, workspace: Workspace
) -> None:
    platform = next(platform_tags())
    for version, pythons in (("2.1", ("311", "312")), ("2.2", ("312", "313"))):
        for one in pythons:
            index.add("sample-project", version, {"sample/__init__.py": ""})
            # Of one file: what the index says of it counts.
            entry = index.files["sample-project"][-1]
            entry["filename"] = f"sample_project-{version}-cp{one}-cp{one}-{platform}.whl"
    for wanted, allowed in (
        ("2.1..2.2", ["3.12"]),
        ("2.2", ["3.13", "3.12"]),
        ("2.1", ["3.12", "3.11"]),
        ("1.0..1.1", ["3.13", "3.12", "3.14", "3.11", "3.15"]),
    ):
        assert read_release("sample-project", wanted, workspace).project.allowed == allowed
