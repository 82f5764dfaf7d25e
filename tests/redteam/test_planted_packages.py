"""A build alters what uv has cached: no later environment is made from it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from support.building import build_one
from support.index import PackageServer
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox

from bench.core.process import run_tool
from bench.core.workspace import Workspace
from bench.engine.environments import sandboxed_builds
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.sandboxed_builds import build_sandbox
from bench.engine.sandbox.bubblewrap import Sandbox as Bubblewrap
from bench.engine.sandbox.bubblewrap import find_sandbox

# In a build: change a cached package and what its RECORD says of it; fail if there is none.
PLANT = """
import base64, hashlib
cached = list(Path({cache!r}).glob("archive-v*/*/sample_dependency.py"))
assert cached, "nothing to plant"
for file in cached:
    file.write_text("PLANTED = True")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"PLANTED = True").digest()).decode()
    (record,) = file.parent.glob("*.dist-info/RECORD")
    first, *others = record.read_text().splitlines()
    assert first.startswith("sample_dependency.py,")
    others.insert(0, "sample_dependency.py,sha256=" + digest.rstrip("=") + ",")
    record.write_text("\\n".join(others) + "\\n")
"""
ANY = ("sample-dependency",)


def attacker(folder: Path, cache: Path) -> Path:
    """A repository whose second commit attacks, between two that do not."""
    repository = Repository.create(folder)
    harmless = sample_files("1.0.0", dependencies=ANY)
    attack = PLANT.format(cache=str(cache))
    harmful = harmless | {"tiny_backend.py": f"{harmless['tiny_backend.py']}\n\n{attack}"}
    repository.commit(harmless, "First", tag="v1")
    repository.commit(harmful, "Attack", tag="v2")
    repository.commit(harmless | {"other.txt": ""}, "Third", tag="v3")
    return repository.path


def contents(cache: Path) -> dict[str, str]:
    """Digests of all that packages are installed from."""
    return {
        str(one.relative_to(cache)): hashlib.sha256(one.read_bytes()).hexdigest()
        for pattern in ("archive-v*", "wheels-v*")
        for one in cache.glob(f"{pattern}/**/*")
        if one.is_file() and one.suffix != ".lock"
    }


@pytest.fixture
def cache(package_server: PackageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package_server.add("sample-dependency", "1.0", {"sample_dependency.py": "PLANTED = False"})
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{package_server.url}/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return tmp_path / "uv"


def test_planted_package_is_not_installed_later(
    own_cache: Sandbox, cache: Path, tmp_path: Path, interpreter: Interpreter
) -> None:
    if isinstance(find_sandbox(own_cache.workspace), str):
        pytest.skip("no sandbox")
    attacked = replace(own_cache, repository=attacker(tmp_path / "attacker", cache))
    build_one(attacked, interpreter, "v1..v2")
    before = contents(cache)
    assert any("sample_dependency.py" in one for one in before)  # kept, for other environments
    build_one(attacked, interpreter, "v2..v3")  # the attack itself does not fail
    assert contents(cache) == before
    later = build_one(attacked, interpreter, "v3..v1")
    (installed,) = later.venv.glob("lib/*/site-packages/sample_dependency.py")
    assert installed.read_text(encoding="utf-8") == "PLANTED = False"
    assert list(own_cache.workspace.scratch.iterdir()) == []


def test_no_cache_is_seen_where_there_are_no_overlays(
    workspace: Workspace, cache: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_sandbox(workspace)
    if not isinstance(found, Bubblewrap):
        pytest.skip("no sandbox")
    cache.mkdir()
    (cache / "kept").touch()
    workspace.environments.mkdir(parents=True)
    without = replace(found, can_cover=False)
    monkeypatch.setattr(sandboxed_builds, "find_sandbox", lambda _: without)
    python = str(interpreter.executable)
    with build_sandbox(workspace, python, workspace.environments, workspace.worktrees) as inside:
        done = run_tool([*inside, "sh", "-c", f"touch {cache}/planted; ls {cache}"])
    assert done.stdout.split() == ["planted"]
    assert [one.name for one in cache.iterdir()] == ["kept"]


def test_names_that_a_build_left_are_not_options() -> None:
    wheels = [("a", "1"), ("a", "2"), ("b", "1")]
    assert sandboxed_builds._compatible(wheels) == [["a==1", "b==1"], ["a==2"]]


def test_what_was_downloaded(tmp_path: Path) -> None:
    good = ("pypi/good/1.0-py3-none-any.http", "index/abc/other/2.0+x-cp313-cp313-any.http")
    bad = ("pypi/--index-url/1.0-py3-none-any.http", "pypi/good/@file-py3-none-any.http")
    for name in good + bad:
        (tmp_path / "wheels-v8" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "wheels-v8" / name).touch()
    assert sandboxed_builds._downloaded(tmp_path) == {("good", "1.0"), ("other", "2.0+x")}
