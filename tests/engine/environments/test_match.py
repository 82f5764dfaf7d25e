"""An installed package's files held against a commit's."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.engine.environments.match import match_sources

FILES = {"pkg/__init__.py": "", "pkg/core.py": "CORE = 1\n", "pkg/deep/__init__.py": "\n"}


def blob(text: str) -> str:
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("above", ["", "src/", "lib/", "packages/one/src/"])
def test_package_may_lie_anywhere_in_the_repository(site: Path, above: str) -> None:
    tree = {f"{above}{name}": blob(text) for name, text in FILES.items()}
    tree["other/pkg/__init__.py"] = blob("something else")
    found = match_sources(tree, site / "pkg" / "__init__.py", site)
    assert (found.identical, found.different, found.missing) == (3, (), ())


def test_what_differs_and_what_is_missing_is_named(site: Path) -> None:
    tree = {name: blob(text) for name, text in FILES.items()}
    tree |= {"pkg/core.py": blob("CORE = 2\n"), "pkg/lost.py": blob(""), "pkg/data.txt": blob("")}
    found = match_sources(tree, site / "pkg" / "__init__.py", site)
    assert (found.identical, found.different) == (2, ("pkg/core.py",))
    assert (found.missing, found.missing_files) == (("pkg/lost.py", "pkg/data.txt"), 2)


@pytest.mark.parametrize("folder", ["lib/", "source/core/", ""])
def test_package_may_have_another_name_in_the_repository(site: Path, folder: str) -> None:
    """`package_dir = {"pkg" = "lib"}` in setup.py."""
    tree = {name.replace("pkg/", folder): blob(text) for name, text in FILES.items()}
    tree |= {"tests/__init__.py": blob(""), "tests/pkg/core.py": blob("")}
    tree |= {f"{folder}lost.py": blob("")}
    found = match_sources(tree, site / "pkg" / "__init__.py", site)
    assert (found.identical, found.different) == (3, ())
    assert found.missing == (("pkg/lost.py",) if folder else ())


def test_copy_of_the_package_elsewhere_is_not_taken_for_it(site: Path) -> None:
    tree = {f"src/{name}": blob(text) for name, text in FILES.items()}
    tree |= {f"vendored/{name}": blob(text) for name, text in FILES.items()}
    tree["vendored/pkg/core.py"] = blob("CORE = 0\n")
    assert match_sources(tree, site / "pkg" / "__init__.py", site).different == ()


def test_single_module(site: Path) -> None:
    (site / "alone.py").write_text("A = 1\n")
    tree = {"alone.py": blob("A = 1\n"), "setup.py": blob("")}
    found = match_sources(tree, site / "alone.py", site)
    assert (found.identical, found.different, found.missing) == (1, (), ())
