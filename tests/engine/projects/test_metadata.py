"""What can be read of a project without running it, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import UsageError
from bench.engine.projects.metadata import Metadata, read_metadata


def read(folder: Path, **files: str) -> Metadata:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_toml", ".toml").replace("_cfg", ".cfg")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return read_metadata(folder)


def test_project_table(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        pyproject_toml='[project]\nname = "Tool"\nversion = "1"\nrequires-python = ">=3.9"\n'
        'classifiers = ["Private :: Do Not Upload"]\n'
        '[project.scripts]\ntool = "tool.cli:main"\ntoold = "tool.daemon:run [d]"\n'
        "[tool.hatch.build.targets.wheel]\npackages = ['src/tool']\n",
    )
    assert found.name == "Tool"
    assert found.requires_python == ">=3.9"
    assert found.scripts == {"tool": "tool.cli:main"}, "the other one needs an extra"
    assert found.packages == ("src/tool",)
    assert found.is_private


POETRY = """
[tool.poetry]
name = "tool"
packages = [{ include = "tool", from = "lib" }]
[tool.poetry.dependencies]
python = "^3.9"
[tool.poetry.scripts]
tool = "tool.cli:main"
shell = { reference = "bin/tool.sh", type = "file" }
other = { reference = "tool.other:main", type = "console" }
"""


def test_poetry(tmp_path: Path) -> None:
    found = read(tmp_path, pyproject_toml=POETRY)
    assert (found.name, found.packages) == ("tool", ("lib/tool",))
    assert found.requires_python == ">=3.9,<4"
    assert found.scripts == {"tool": "tool.cli:main", "other": "tool.other:main"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [("^3.9", ">=3.9,<4"), ("~3.9", ">=3.9,<3.10"), (">=3.9,<4.0", ">=3.9,<4.0"), ("*", "*")],
)
def test_pythons_of_poetry(tmp_path: Path, said: str, meant: str) -> None:
    text = f'[tool.poetry]\nname = "t"\n[tool.poetry.dependencies]\npython = "{said}"\n'
    assert read(tmp_path, pyproject_toml=text).requires_python == meant


def test_flit_before_it_took_the_project_table(tmp_path: Path) -> None:
    text = (
        '[tool.flit.metadata]\nmodule = "tool"\ndist-name = "the-tool"\nrequires-python = ">=3"\n'
        '[tool.flit.scripts]\ntool = "tool:main"\n'
    )
    found = read(tmp_path, pyproject_toml=text)
    assert (found.name, found.packages, found.requires_python) == ("the-tool", ("tool",), ">=3")
    assert found.scripts == {"tool": "tool:main"}


def test_setup_cfg(tmp_path: Path) -> None:
    text = (
        "[metadata]\nname = tool\n[options]\npython_requires = >=3.8\npackages = find:\n"
        "package_dir =\n  = src\n[options.entry_points]\nconsole_scripts =\n  t = tool.cli:main\n"
        "gui_scripts =\n  window = tool.gui:main\n"
    )
    found = read(tmp_path, setup_cfg=text, pyproject_toml="[build-system]\nrequires = []\n")
    assert (found.name, found.source) == ("tool", "setup.cfg")
    assert found.requires_python == ">=3.8"
    assert found.scripts == {"t": "tool.cli:main"}
    assert (found.packages, found.roots) == ((), ("src",))


SETUP = """
from setuptools import setup
NAME = "tool"
open("was-run", "w")
setup(
    name=NAME,
    version=compute(),
    python_requires=">=3.8",
    package_dir={"": "lib"},
    packages=["tool", "tool.inner"],
    entry_points={"console_scripts": ["tool=tool.cli:main", "second = tool.cli:second"]},
)
"""


def test_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(SETUP)
    found = read_metadata(tmp_path)
    assert (found.name, found.source, found.requires_python) == ("tool", "setup.py", ">=3.8")
    assert found.scripts == {"tool": "tool.cli:main", "second": "tool.cli:second"}
    assert (found.packages, found.roots) == (("tool", "tool.inner"), ("lib",))
    assert not Path("was-run").exists()


def test_what_a_source_distribution_holds_besides(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("setup(**everything())")
    (tmp_path / "PKG-INFO").write_text("Name: tool\nVersion: 1\nRequires-Python: >=3.7\n\nText\n")
    info = tmp_path / "tool.egg-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(
        "[gui_scripts]\na = b:c\n[console_scripts]\nt = tool:m\n"
    )
    (info / "top_level.txt").write_text("tool\n")
    found = read_metadata(tmp_path)
    assert (found.name, found.requires_python) == ("tool", ">=3.7")
    assert (found.scripts, found.packages) == ({"t": "tool:m"}, ("tool",))


def test_files_without_a_project(tmp_path: Path) -> None:
    assert read(tmp_path).name == ""
    assert read(tmp_path, pyproject_toml="[tool.ruff]\n", setup_cfg="[flake8]\nx = 1\n").name == ""
    (tmp_path / "setup.py").write_text("this is no Python")
    assert read_metadata(tmp_path).name == ""


def test_odd_types_are_nothing(tmp_path: Path) -> None:
    text = '[project]\nname = 3\nscripts = "x"\nclassifiers = 1\n[tool]\nflit = 1\npoetry = []\n'
    assert read(tmp_path, pyproject_toml=text).name == ""


def test_toml_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml cannot be read"):
        read(tmp_path, pyproject_toml="[project\n")
