"""Reading results, comparing them, and source distributions as the place tests come from."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from support.index import PackageServer
from support.sandbox import Sandbox

from bench.engine.testgate.compare import compare, without_flaky
from bench.engine.testgate.junit import Case, read_junit, without_parameters
from bench.engine.testgate.sdist import fetch_sdist
from bench.engine.testgate.sources import ArchiveSources, present

PASSED, FAILED, ERROR, SKIPPED = Case.PASSED, Case.FAILED, Case.ERROR, Case.SKIPPED


def test_cases_by_id(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.test_a.TestX.TestY" name="test_p[a::b]" file="tests/test_a.py"/>
        <testcase classname="t.test_a" name="test_f" file="t/test_a.py"><failure/></testcase>
        <testcase classname="t.test_a" name="test_f" file="t/test_a.py"><error/></testcase>
        <testcase classname="t.test_a" name="test_s" file="t/test_a.py"><skipped/></testcase>
        <testcase classname="" name="tests.test_b" file="tests/test_b.py"><error/></testcase>
        <testcase classname="other" name="runner"/>
        </testsuite></testsuites>"""
    )
    assert read_junit(file) == {
        "tests/test_a.py::TestX::TestY::test_p[a::b]": PASSED,
        "t/test_a.py::test_f": FAILED,
        "t/test_a.py::test_s": SKIPPED,
        "tests/test_b.py": ERROR,
        "other.runner": PASSED,
    }


@pytest.mark.parametrize("text", [None, "", "<testsuites><testsuite>"])
def test_no_whole_file(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "junit.xml"
    if text is not None:
        file.write_text(text)
    assert read_junit(file) is None


def test_parameters_are_cut_off() -> None:
    assert (
        without_parameters("a/test[1].py::TestX::test_p[a::b[c]]") == "a/test[1].py::TestX::test_p"
    )
    assert without_parameters("a/test_b.py") == "a/test_b.py"


def test_comparison() -> None:
    base = {"a": PASSED, "b": FAILED, "c": ERROR, "d": SKIPPED, "gone": FAILED}
    head = {"a": FAILED, "b": PASSED, "c": FAILED, "d": ERROR, "new": FAILED, "fine": PASSED}
    found = compare(base, head)
    assert found.newly_failing == ("a", "d", "new")
    assert (found.fixed, found.still_failing) == (("b",), ("c",))
    assert (found.added, found.removed) == (2, 1)
    # "a" passes now, "d" fails on base as well, "new" fails again.
    settled = without_flaky(found, {"d": FAILED}, {"a": PASSED, "d": FAILED, "new": FAILED})
    assert settled.newly_failing == ("new",)
    assert settled.flaky == ("a", "d")
    # A second run without results confirms nothing and takes nothing back.
    assert without_flaky(found, {}, {}) == found


def test_present_paths() -> None:
    files = {"tests/unit/test_a.py", "tests2/test_b.py", "test_c.py"}
    assert present(["tests", "tests/unit/", "tests/un", "test_c.py", "x"], files) == (
        "tests", "tests/unit/", "test_c.py",
    )  # fmt: skip


def offer_sdist(server: PackageServer, *, digest: str = "") -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo("sample_project-1.0.0/tests/test_a.py")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"pass"))
    name = "sample_project-1.0.0.tar.gz"
    (server.folder / name).write_bytes(content.getvalue())
    server.add("sample-project", "1.0.0", {})
    server.files["sample-project"].append(
        {
            "filename": name,
            "url": f"/files/{name}",
            "hashes": {"sha256": digest or hashlib.sha256(content.getvalue()).hexdigest()},
        }
    )


def test_source_distribution(
    sandbox: Sandbox, package_server: PackageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{package_server.url}/simple")
    workspace = Sandbox(sandbox.folder, tmp_path / "cache", sandbox.repository).workspace
    assert fetch_sdist("sample_project", "2.0.0", workspace) is None
    offer_sdist(package_server)
    assert fetch_sdist("sample_project", "2.0.0", workspace) is None
    sdist = fetch_sdist("sample_project", "1.0.0", workspace)
    assert sdist is not None
    asked = len(package_server.requests)
    assert fetch_sdist("sample_project", "1.0.0", workspace) == sdist
    assert len(package_server.requests) == asked, "it is kept"
    sources = ArchiveSources(sdist.file, sdist.sha256, "")
    assert present(["tests"], sources.files) == ("tests",)
    sources.put(tmp_path / "checkout")
    assert (tmp_path / "checkout/tests/test_a.py").read_text() == "pass"


def test_damaged_source_distribution(
    own_cache: Sandbox, package_server: PackageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{package_server.url}/simple")
    offer_sdist(package_server, digest="0" * 64)
    assert fetch_sdist("sample-project", "1.0.0", own_cache.workspace) is None
