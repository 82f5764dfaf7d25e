"""Reading results, comparing them, and source distributions as the place tests come from."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.index import PackageServer
from support.sandbox import Sandbox

from bench.core.gate import Ending, Gate, SuiteRun
from bench.core.process import Finished
from bench.engine.sources.release_files import fetch_sdist
from bench.engine.sources.trees import ArchiveSources, present
from bench.engine.testgate.compare import compare, without_flaky
from bench.engine.testgate.junit import Case, read_junit, without_parameters
from bench.engine.testgate.suite import contradiction
from bench.report.pair import gate_section

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


def test_names_that_a_screen_and_a_command_line_cannot_bear(tmp_path: Path) -> None:
    file, long = tmp_path / "junit.xml", "x" * 200_000
    names = ("a\x9b31mb", "a&#10;b", f"{long}1", f"{long}2")
    cases = "".join(f'<testcase file="t.py" classname="t" name="{one}"/>' for one in names)
    file.write_text(f"<testsuite>{cases}</testsuite>", encoding="utf-8")
    found = read_junit(file)
    assert found is not None
    assert len(found) == len(names)
    assert all(one.isprintable() and len(one) < 500 for one in found)


@pytest.mark.parametrize(
    ("status", "said", "cases", "words"),
    [
        (0, "2 passed in 0.1s", [PASSED, PASSED], ""),
        (1, "==== 1 failed, 1 passed, 1 skipped in 2s ====", [PASSED, FAILED, SKIPPED], ""),
        (0, "", [PASSED], ""),
        (1, "1 failed, 1 passed in 1s", [PASSED, PASSED], "status 1, and its results list no fail"),
        (0, "1 passed", [PASSED, FAILED], "status 0, and its results list failures"),
        (0, "2 passed in 0.1s", [PASSED], "it said that 2 passed, and its results list 1"),
        (None, "", [PASSED], "did not end in time"),
    ],
)
def test_results_that_the_process_contradicts(
    status: int | None, said: str, cases: list[Case], words: str
) -> None:
    finished = Finished(command=("pytest",), status=status, stdout=said, stderr="")
    found = contradiction(finished, cases)
    assert words in found
    assert bool(words) == bool(found)


def test_contradiction_counts_where_base_has_none() -> None:
    run = SuiteRun(ending=Ending.RESULTS, source="a", environment="b", duration_s=1.0, passed=1)
    odd = msgspec.structs.replace(run, contradiction="it did not end in time")
    assert Gate(base=run, head=odd).newly_fails
    assert "head's results cannot be believed" in gate_section.tests_section(
        Gate(base=run, head=odd), 2
    )
    assert not Gate(base=odd, head=odd).newly_fails


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
    server.add("sample-project", "1.0.0", {})
    server.add_sdist("sample-project", "1.0.0", {"tests/test_a.py": "pass"}, digest=digest)


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
