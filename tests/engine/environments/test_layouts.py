"""Projects that lie in a subfolder, need more than themselves, or changed their names."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.building import build_pair
from support.index import PackageServer
from support.sample_project import BACKEND, Repository
from support.sandbox import Sandbox, target_text

from bench.core.catalogue import load_target
from bench.core.errors import BuildError, UsageError
from bench.core.target import Benchmark, Target, parse_target
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.measure.invocations import Subject
from bench.engine.revisions.resolve import resolve_range
from bench.engine.testgate.run_gate import PairGate

_PROJECT = """\
[build-system]
requires = [{requires}]
build-backend = "tiny_backend"
{path}

[project]
name = "{name}"
version = "1.0"
requires-python = ">=3.11"

[tool.tiny]
files = ["*/*.py"]
{more}
"""
_EXTRA = '[project.optional-dependencies]\nfast = ["helper-fast"]\n'
_GROUP = '[dependency-groups]\nload = ["helper-load"]\n'
_LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[manifest]
members = ["one", "two"]

[[package]]
name = "one"
version = "1.0"
source = { editable = "packages/one" }

[[package]]
name = "two"
version = "1.0"
source = { editable = "packages/two" }
"""
_WORKSPACE = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'


def project(
    name: str, folder: str = "", *, module: str = "", more: str = "", fetched: bool = False
) -> dict[str, str]:
    """The files of a project whose back end lies beside it, or is fetched."""
    requires, path = ('"tiny-backend"', "") if fetched else ("", 'backend-path = ["."]')
    text = _PROJECT.format(name=name, more=more, requires=requires, path=path)
    files = {f"{folder}pyproject.toml": text, f"{folder}{module or name}/__init__.py": "X = 1\n"}
    return files if fetched else files | {f"{folder}tiny_backend.py": BACKEND}


@dataclass(frozen=True)
class Factory:
    """Makes a repository of the given commits, tagged a, b, …, and builds a pair of them."""

    sandbox: Sandbox
    interpreter: Interpreter

    def commit(self, *commits: dict[str, str]) -> None:
        made = Repository.create(self.sandbox.repository)
        for tag, files in zip("abcdef", commits, strict=False):
            made.commit(files, tag, tag=tag)

    def build(self, revisions: str, target: Target) -> Environments:
        return build_pair(self.sandbox, self.interpreter, revisions, target=target)


@pytest.fixture
def factory(sandbox: Sandbox, tmp_path: Path, interpreter: Interpreter) -> Factory:
    own = Sandbox(sandbox.folder, tmp_path / "cache", tmp_path / "repository")
    return Factory(own, interpreter)


def target(name: str, module: str = "", install: str = "") -> Target:
    text = target_text().replace('"sample-project"', name if "[" in name else f'"{name}"')
    module = module or f'"{name}"'
    text = text.replace('module = "sample"', f"module = {module}")
    return parse_target(f"{text}\n[install]\n{install}\n")


def test_subfolder_of_a_repository(factory: Factory) -> None:
    both = project("one", "packages/one/") | project("two", "packages/two/")
    factory.commit(both, both | {"packages/two/two/more.py": ""})
    built = factory.build("a..b", target("two", install='subfolder = "packages/two"'))
    for side in (built.base, built.head):
        assert side.record.provenance.packages == {"two": "1.0"}
    match = built.head.record.source_match
    assert match is not None
    assert (match.identical, match.different, match.missing) == (2, (), ())


def test_member_of_a_workspace(factory: Factory) -> None:
    """Its packages are those of the workspace's lock."""
    both = project("one", "packages/one/") | project("two", "packages/two/")
    locked = both | {"pyproject.toml": _WORKSPACE, "uv.lock": _LOCK}
    alone = both | {"uv.lock": _LOCK.replace("packages/two", "other")}
    factory.commit(locked, alone)
    built = factory.build("a..b", target("two", install='subfolder = "packages/two"'))
    assert built.base.record.recipe.dependencies == "uv.lock"
    assert built.base.record.provenance.packages == {"two": "1.0"}
    assert built.head.record.recipe.dependencies != "uv.lock"


@pytest.fixture
def helpers(package_server: PackageServer, monkeypatch: pytest.MonkeyPatch) -> PackageServer:
    """Packages of before the commits, and one of after them."""
    for name in ("helper-fast", "helper-load", "helper-more"):
        for version, when in (("1.0", "2025-01-01"), ("2.0", "2026-12-01")):
            module = {f"{name.replace('-', '_')}.py": ""}
            package_server.add(name, version, module, uploaded=f"{when}T00:00:00Z")
    for key, value in package_server.environ.items():
        monkeypatch.setenv(key, value)
    return package_server


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize("locked", [False, True])
def test_what_is_installed_besides(factory: Factory, *, locked: bool) -> None:
    """Both sides have one date; what a revision does not declare is left out there."""
    lock = {"uv.lock": _LOCK.replace("packages/one", ".").split('[[package]]\nname = "two"')[0]}
    plain, full = project("one"), project("one", more=_EXTRA + _GROUP)
    factory.commit(plain | (lock if locked else {}), full)
    wanted = 'extras = ["fast"]\ngroups = ["load"]\nrequirements = ["helper-more"]'
    built = factory.build("a..b", target("one", install=wanted))
    assert (built.base.record.recipe.dependencies == "uv.lock") is locked
    assert built.base.record.provenance.packages == {"one": "1.0", "helper-more": "1.0"}
    assert built.head.record.provenance.packages == {
        "one": "1.0", "helper-fast": "1.0", "helper-load": "1.0", "helper-more": "1.0",
    }  # fmt: skip


_LOCKED_GROUP = """
[package.dev-dependencies]
dev = [{{ name = "helper-load" }}]
load = [{{ name = "helper-load" }}]

[[package]]
name = "helper-load"
version = "1.0"
source = {{ registry = "{index}" }}
wheels = [{{ url = "{url}", hash = "sha256:{hash}" }}]
"""


def test_default_groups_are_not_installed(factory: Factory, helpers: PackageServer) -> None:
    """They are what developers have: a tool of theirs with a `.pth` file would be measured too."""
    wheel = helpers.files["helper-load"][0]
    told = {"index": f"{helpers.url}/simple", "url": wheel["url"], **wheel["hashes"]}
    more = _GROUP + 'dev = ["helper-load"]\n[tool.uv]\ndefault-groups = ["dev", "load"]\n'
    group = _LOCKED_GROUP.format(**told, hash=told["sha256"])
    lock = _LOCK.replace("packages/one", ".").split('[[package]]\nname = "two"')[0] + group
    factory.commit(project("one", more=more) | {"uv.lock": lock})
    built = factory.build("a..a", target("one"))
    assert built.base.record.recipe.dependencies == "uv.lock"
    assert built.base.record.provenance.packages == {"one": "1.0"}
    asked = factory.build("a..a", target("one", install='groups = ["load"]'))
    assert asked.base.record.provenance.packages == {"one": "1.0", "helper-load": "1.0"}


def test_back_end_of_its_time(factory: Factory, helpers: PackageServer) -> None:
    """The newest one breaks; one that is newer than the cut-off may be named."""
    works, breaks = {"tiny_backend.py": BACKEND}, {"tiny_backend.py": "raise SystemExit('no')\n"}
    helpers.add("tiny-backend", "1.0", breaks, uploaded="2025-01-01T00:00:00Z")
    helpers.add("tiny-backend", "2.0", works, uploaded="2026-11-01T00:00:00Z")
    helpers.add("tiny-backend", "3.0", breaks, uploaded="2026-12-01T00:00:00Z")
    factory.commit(project("one", fetched=True))
    with pytest.raises(BuildError, match="could not be built") as raised:
        factory.build("a..a", target("one"))
    assert "`build_constraints` in [install]" in raised.value.hint
    constrained = 'build_constraints = ["tiny-backend<3"]'
    built = factory.build("a..a", target("one", install=constrained))
    assert built.base.record.provenance.packages == {"one": "1.0"}


def words(side: Environment, folder: Path) -> tuple[str, tuple[str, ...]]:
    """What an import and a command of the target become for one side."""
    subject = Subject(environment=side, own={}, home=folder, support=folder, suites=folder)
    imported = subject.invocation(Benchmark(name="import", statement="{module}.cli")).argv[-1]
    command = Benchmark(name="run", command=("python", "-m", "{module}"))
    return imported, subject.invocation(command).argv[1:]


def test_names_that_change_between_the_revisions(factory: Factory, tmp_path: Path) -> None:
    factory.commit(project("old-name", module="old"), project("new-name", module="new"))
    built = factory.build("a..b", target('["new-name", "old-name"]', '["new", "old"]'))
    names = [(one.record.distribution, one.record.module) for one in (built.base, built.head)]
    assert names == [("old-name", "old"), ("new-name", "new")]
    assert [words(one, tmp_path) for one in (built.base, built.head)] == [
        ("import old.cli", ("-m", "old")), ("import new.cli", ("-m", "new")),
    ]  # fmt: skip
    assert built.dependency_changes == ()


def test_releases_under_two_names(factory: Factory, helpers: PackageServer) -> None:
    for name, version in (("old-name", "1.0"), ("new-name", "2.0")):
        module = {f"{name[:3]}/__init__.py": ""}
        helpers.add(name, version, module, uploaded="2025-01-01T00:00:00Z")
    renamed = target('["new-name", "old-name"]', '["new", "old"]')
    built = factory.build("1.0..2.0", replace(renamed, released=True))
    assert built.base.record.revision.distribution == "old-name"
    assert built.base.record.provenance.packages == {"old-name": "1.0"}
    assert built.head.record.provenance.packages == {"new-name": "2.0"}
    assert built.dependency_changes == ()


def test_release_has_no_groups(factory: Factory, helpers: PackageServer) -> None:
    helpers.add("one", "1.0", {"one/__init__.py": ""}, uploaded="2025-01-01T00:00:00Z")
    grouped = replace(target("one", install='groups = ["load"]'), released=True)
    with pytest.raises(BuildError, match="has no dependency groups"):
        factory.build("1.0..1.0", grouped)


def test_revision_without_the_subfolder(factory: Factory) -> None:
    factory.commit(project("one"), project("one", "packages/one/"))
    with pytest.raises(BuildError, match="has no folder packages/one"):
        factory.build("a..b", target("one", install='subfolder = "packages/one"'))


def test_wrong_project_of_a_repository(factory: Factory) -> None:
    factory.commit(project("one") | project("two", "packages/two/"))
    with pytest.raises(BuildError, match="No distribution 'two' was installed; there are one") as e:
        factory.build("a..a", target("two"))
    assert "`subfolder` in [install]" in e.value.hint


MISTAKES: dict[str, str] = {
    'subfolder = "../other"': "not a path below",
    'subfolder = "/srv"': "not a path below",
    'build_constraints = ["setuptools<"]': "'setuptools<' is not a requirement",
    'extra = ["fast"]': "unknown field `extra`",
    'groups = "load"': "install.groups: Expected `array`",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_named_by_file_and_line(sandbox: Sandbox, line: str) -> None:
    sandbox.write_target(f"{target_text()}\n[install]\n{line}\n")
    with pytest.raises(UsageError, match=MISTAKES[line]) as raised:
        load_target("sample", sandbox.workspace.targets)
    text = (sandbox.workspace.targets / "sample.toml").read_text(encoding="utf-8").splitlines()
    number = int(raised.value.message.split("sample.toml:")[1].split(":")[0])
    assert text[number - 1] in {line, "[install]"}


@pytest.mark.parametrize("paths", ['["tests"]', '["../../tests"]'])
def test_tests_of_a_project_in_a_subfolder(
    factory: Factory, paths: str, interpreter: Interpreter
) -> None:
    """They have what is installed, and `paths` are seen from the subfolder."""
    folder = "tests/" if ".." in paths else "packages/two/tests/"
    files = project("one") | project("two", "packages/two/")
    factory.commit(files | {f"{folder}test_two.py": "def test_it():\n    import two\n"})
    table = f'[tests]\npaths = {paths}\ncommand = ["{sys.executable}", "-m", "pytest", "-q"]\n'
    whole = target("two", install=f'subfolder = "packages/two"\n{table}')
    sandbox, said = factory.sandbox, list[str]()
    gate = PairGate(
        target=whole,
        pair=resolve_range(whole, "a..a", sandbox.workspace, sandbox.repository),
        workspace=sandbox.workspace,
        say=said.append,
        phase=said.append,
        repo=sandbox.repository,
    ).run(interpreter)
    assert gate.head is not None, said
    assert gate.head.passed == 1, gate.head.detail
