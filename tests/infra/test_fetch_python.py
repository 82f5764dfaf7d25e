"""Taking a Python from Debian's packages, without a network."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.sandbox import ROOT


@pytest.fixture(scope="module")
def fetch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_python", ROOT / "infra/fetch_python.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TOLD = """\
python3.15
  Depends: python3.15-minimal
  Depends: media-types
python3.15-minimal
  PreDepends: libc6
  Depends: libexpat1
libc6
  Depends: libgcc-s1
libexpat1
libgcc-s1
media-types
debconf
 |Depends: cdebconf
cdebconf
tzdata
"""


def test_packages_that_something_is_linked_with(fetch: ModuleType) -> None:
    assert fetch.linked(TOLD) == [
        "libc6", "libexpat1", "libgcc-s1", "python3.15", "python3.15-minimal",
    ]  # fmt: skip


def test_version_that_debian_has_not(
    fetch: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetch, "run", lambda *_: "")
    with pytest.raises(fetch.FetchError, match=r"Debian unstable has no python3\.99"):
        fetch.Apt(tmp_path, "").packages("3.99", headers=False)


def test_a_tool_that_is_not_there(fetch: ModuleType) -> None:
    with pytest.raises(fetch.FetchError, match="is not on this machine"):
        fetch.run(["no-such-tool-anywhere"])


def test_what_it_makes(fetch: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The layout: the interpreter with its links, its library compiled, the libraries it needs."""
    system = tmp_path / "system"
    library, shared = system / "usr/lib/python3.15", system / "usr/lib/x86_64-linux-gnu"
    for folder in (system / "usr/bin", library, shared):
        folder.mkdir(parents=True)
    shutil.copy(shutil.which("true") or "/bin/true", system / "usr/bin/python3.15")
    (library / "module.py").write_text("one = 1\n")
    (library / "sitecustomize.py").symlink_to("/etc/python3.15/sitecustomize.py")
    (shared / "libone.so.1.2").write_bytes(b"library")
    (shared / "libone.so.1").symlink_to("libone.so.1.2")
    (shared / "libgone.so").symlink_to("nowhere.so")
    asked: list[tuple[str | Path, ...]] = []

    def patchelf(*words: str | Path) -> str:
        asked.append(words)
        return "/lib64/ld-linux-x86-64.so.2"

    monkeypatch.setattr(fetch, "_version_of", lambda *_: "3.15.2")
    monkeypatch.setattr(fetch, "_patchelf", patchelf)
    python = fetch.install(system, "3.15", tmp_path / "pythons")
    prefix = tmp_path / "pythons" / "3.15.2"
    assert python == prefix / "bin/python3.15"
    assert (prefix / "bin/python3").resolve() == python
    assert sorted(one.name for one in (prefix / "lib/system").iterdir()) == [
        "libone.so.1", "libone.so.1.2",
    ]  # fmt: skip
    assert not (prefix / "lib/system/libone.so.1").is_symlink()
    assert [one.name for one in (prefix / "lib/python3.15").iterdir()] == ["module.py"]
    assert prefix / "lib/system/ld-linux-x86-64.so.2" in asked[1]
    with pytest.raises(fetch.FetchError, match="exists: remove it"):
        fetch.install(system, "3.15", tmp_path / "pythons")
