"""Where a suite's files lie while it is measured, and what of the project is out of its way."""

from __future__ import annotations

from pathlib import Path

from bench.core.sample import Side
from bench.core.target import Benchmark
from bench.engine.suites.folders import SuiteFolder, SuiteFolders, remove_packages

HEAD, BASE = (SuiteFolder(Path(name), Path(name)) for name in ("head", "base"))


def test_what_is_installed_is_out_of_the_way(tmp_path: Path) -> None:
    for name in ("src/sample/tests/test_in.py", "sample.py", "tests/test_it.py", "lib/other/x.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert remove_packages(tmp_path, {"sample", "other"}) == ("lib/other", "src/sample")
    left = list(tmp_path.rglob("*.py"))
    assert left == [tmp_path / "tests" / "test_it.py"]


def test_a_suite_inside_the_package_is_the_installed_one() -> None:
    folder = SuiteFolder(Path("/tree"), Path("/"), ("src/sample", "other"))
    site = Path("/site")
    assert folder.place("tests/bench", site) == (Path("/tree"), "tests/bench")
    assert folder.place("src/sample/tests/x.py", site) == (site, "sample/tests/x.py")
    assert folder.place("other", site) == (site, "other")
    assert folder.place("others", site) == (Path("/tree"), "others")


def test_whose_tests_run() -> None:
    folders = SuiteFolders(HEAD, {Side.BASE: BASE, Side.HEAD: HEAD})
    usual = Benchmark(name="x", pytest="tests")
    own = Benchmark(name="x", pytest="tests", tests_of="own")
    assert [folders.of(usual, side) for side in Side] == [HEAD, HEAD]
    assert [folders.of(own, side) for side in Side] == [BASE, HEAD]
    assert SuiteFolders().of(usual, Side.BASE) is None
