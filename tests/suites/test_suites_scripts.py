"""The scripts as the harness calls them: one pyperf worker in an environment of the subject's own.

pyperf is not installed in that environment: it lies in a directory of its own on ``PYTHONPATH``.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyperf
import pytest
from support.suites import all_scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[2]
SCRIPTS = all_scripts()
NAMES = list(SCRIPTS)
EXTREMES = {
    "codeflash": ("codeflash==0.20.5", "codeflash==0.20.6"),
    "pip": ("pip==23.3", "pip==26.0"),
    "rich": ("rich==13.0.0", "rich==15.0.0"),
}
"""The oldest and the newest release that the scripts of a project are promised to work for."""
CASES = [
    pytest.param(name, release, version, id=f"{name}-{release}-{version}")
    for name in NAMES
    for release, version in zip(EXTREMES[name.partition("_")[0]], ("3.12", "3.13"), strict=True)
]

BROKEN_COMPARATOR = "def comparator(orig, new): return True\n"
BROKEN_REQUIREMENT = """
class Requirement:
    def __init__(self, line):
        self.name = line.split()[0]
        self.extras, self.specifier, self.url, self.marker = set(), [], None, None
"""
BROKEN_CONSTRUCTOR = """
from types import SimpleNamespace
def install_req_from_line(line, **options):
    return SimpleNamespace(name=line, extras=(), link=None, markers=None)
"""
BROKEN_CONSTRAINT = """
from types import SimpleNamespace
class Constraint:
    from_ireq = classmethod(lambda cls, ireq: cls())
    hashes = SimpleNamespace(is_hash_allowed=lambda *_: True)
    def __and__(self, other): return self
"""
BROKEN_COMPACT = "def compact(paths): return set(paths)\n"
BROKEN_VERSION = """
class Version(str):
    pass
"""
BROKEN_SPECIFIERS = """
class SpecifierSet:
    def __init__(self, text): pass
    def filter(self, versions, prereleases): return versions
"""
BROKEN_CONSTRAINTS = {
    "pip___internal__req__constructors": BROKEN_CONSTRUCTOR,
    "pip___internal__resolution__resolvelib__base": BROKEN_CONSTRAINT,
}
BROKEN_PIP = {
    "pip_constraint_hashes": BROKEN_CONSTRAINTS,
    "pip_constraint_hashes_thousand": BROKEN_CONSTRAINTS,
    "pip_requirement": {
        "pip___vendor__packaging__requirements": BROKEN_REQUIREMENT,
        "pip___internal__req__constructors": BROKEN_CONSTRUCTOR,
    },
    "pip_uninstall_paths": {"pip___internal__req__req_uninstall": BROKEN_COMPACT},
    "pip_version": {
        "pip___vendor__packaging__version": BROKEN_VERSION,
        "pip___vendor__packaging__specifiers": BROKEN_SPECIFIERS,
    },
}
BROKEN_RICH = {
    "rich_emoji": "emoji.Emoji.replace = classmethod(lambda cls, text: text)",
    "rich_markup": "markup.render = lambda markup, **_: rich.text.Text(markup)",
    "rich_progress": "progress.Progress.advance = lambda *_: None",
    "rich_segment": "segment.Segment.simplify = classmethod(lambda cls, found: found)",
    "rich_style": "style.Style.__add__ = lambda first, second: first",
    "rich_table": "table.Table.add_row = lambda *args, **kwargs: None",
    "rich_text": "text.Text.wrap = lambda text, *_: [text]",
    "rich_traceback": "traceback.Traceback._render_stack = lambda *_: ''",
}
BROKEN_CODEFLASH = {
    "codeflash_code_replacement": (
        "import codeflash.languages.python.static_analysis.code_replacer as module\n"
        "module.replace_functions_in_file = lambda source, *_: source"
    ),
    "codeflash_context": (
        "import codeflash.languages.python.context.code_context_extractor as module\n"
        "module.prune_cst = lambda node, *_, **__: (node, True)\n"
        "module.remove_unused_definitions_by_function_names = lambda code, *_, **__: code"
    ),
    "codeflash_function_ranker": (
        "import codeflash.benchmarking.function_ranker as module\n"
        "module.FunctionRanker.rank_functions = lambda self, functions: functions"
    ),
    "codeflash_merge_results": (
        "import codeflash.verification.parse_test_output as module\n"
        "module.merge_test_results = lambda reported, found, framework: found"
    ),
    "codeflash_test_discovery": (
        "import codeflash.discovery.discover_unit_tests as module\n"
        "module.filter_test_files_by_imports = lambda *_: {}"
    ),
}
"""What breaks the subject of each script, in a ``sitecustomize``."""


@dataclass(frozen=True)
class Answer:
    """What a worker leaves behind."""

    code: int
    text: str
    errors: str

    @property
    def run(self) -> pyperf.Run:
        """The only run of the only benchmark."""
        (run,) = pyperf.Benchmark.loads(self.text).get_runs()
        return run


def work(
    python: Path | str, name: str, cwd: Path, path: Path | str, options: Sequence[str]
) -> Answer:
    """Run a script as a worker, in a clean environment, and read its pipe to the end."""
    environ = {
        "HOME": str(cwd),
        "PATH": os.defpath,
        "PYTHONPATH": str(path),
        "PYTHONSAFEPATH": "1",
        "TERM": "dumb",
    }
    receiver, sender = os.pipe()
    script = SCRIPTS[name]
    argv = [
        *(python, script.program, *script.arguments),
        *("--worker", "--pipe", str(sender), "--worker-task", "0", *options),
    ]
    process = subprocess.Popen(
        argv, cwd=cwd, env=environ, pass_fds=[sender], stderr=subprocess.PIPE, text=True
    )
    os.close(sender)
    with open(receiver, encoding="utf-8") as stream:  # noqa: PTH123
        text = stream.read()
    _, errors = process.communicate()
    return Answer(process.returncode, text, errors)


@contextmanager
def alone(directory: Path) -> Iterator[bool]:
    """Hold a directory against the other test processes; say whether it is still to be filled."""
    directory.mkdir(exist_ok=True)
    done = directory / "done"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


def uv(*arguments: str | Path) -> str:
    """Run uv where it sees the repository's choice of Pythons."""
    program = Path(sys.executable).with_name("uv")
    argv = [program, "--quiet", *arguments]
    done = subprocess.run(argv, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def interpreter(version: str) -> str:
    """Return a Python of this version, or skip."""
    try:
        return uv("python", "find", "--no-python-downloads", version)
    except AssertionError:
        pytest.skip(f"no Python {version} here")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that all test processes of this session share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def side_directory(shared: Path) -> Path:
    """Install pyperf, and nothing that it would like to have, into a directory for PYTHONPATH."""
    directory = shared / "suites-pyperf"
    requirement = f"pyperf=={importlib.metadata.version('pyperf')}"
    with alone(directory) as empty:
        if empty:
            target = directory / "lib"
            uv(
                "pip",
                "install",
                "--no-deps",
                "--python",
                sys.executable,
                "--target",
                target,
                requirement,
            )
    return directory / "lib"


@pytest.fixture(scope="session")
def build(shared: Path) -> Callable[[str, str], Path]:
    """Return a function that builds the environment of a release once, and gives its Python."""

    def python_with(requirement: str, version: str) -> Path:
        directory = shared / f"suites-{requirement}-{version}"
        python = directory / "venv" / "bin" / "python"
        base = interpreter(version)
        with alone(directory) as empty:
            if empty:
                uv("venv", "--python", base, directory / "venv")
                uv("pip", "install", "--python", python, requirement)
        return python

    return python_with


def write_modules(root: Path, **sources: str) -> Path:
    """Write modules by dotted name, two underscores for a dot, as namespace packages."""
    for name, source in sources.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


def break_rich(patch: str) -> str:
    """Return the source of a module that imports what a patch is for, and applies it."""
    return f"import rich.text\nfrom rich import {patch.partition('.')[0]}\n{patch}\n"


@pytest.mark.network
@pytest.mark.parametrize(("name", "release", "version"), CASES)
def test_a_release_is_timed(
    name: str,
    release: str,
    version: str,
    build: Callable[[str, str], Path],
    side_directory: Path,
    tmp_path: Path,
) -> None:
    options = ("--loops", "2", "--warmups", "0", "--values", "2")
    python = build(release, version)
    answer = work(python, name, tmp_path, side_directory, options)
    assert (answer.code, answer.errors) == (0, "")
    run = answer.run
    facts = run.get_metadata()
    assert (facts["name"], facts["loops"], facts["unit"]) == (name, 2, "second")
    assert facts["description"]
    assert len(run.values) == 2
    assert run.warmups == ()
    assert all(0.0002 < value < 5 for value in run.values)


@pytest.mark.network
def test_the_side_directory_holds_nothing_else(side_directory: Path) -> None:
    found = {path.name for path in side_directory.iterdir() if path.suffix != ".dist-info"}
    assert found - {"bin", ".lock"} == {"pyperf"}


def test_loops_are_calibrated_without_values(tmp_path: Path) -> None:
    options = ("--calibrate-loops", "--min-time", "0.001", "--warmups", "0", "--values", "1")
    answer = work(sys.executable, "rich_table", tmp_path, tmp_path, options)
    assert (answer.code, answer.errors) == (0, "")
    assert answer.run.values == ()
    assert answer.run.get_metadata()["calibrate_loops"] == 1
    assert [loops for loops, _ in answer.run.warmups] == [1]


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        *[
            (name, {"codeflash__verification__comparator": BROKEN_COMPARATOR})
            for name in NAMES
            if name.startswith("codeflash_comparator")
        ],
        *BROKEN_PIP.items(),
        *[(name, {"sitecustomize": break_rich(patch)}) for name, patch in BROKEN_RICH.items()],
    ],
)
def test_a_wrong_result_is_never_timed(name: str, sources: dict[str, str], tmp_path: Path) -> None:
    refuses(sys.executable, name, tmp_path, write_modules(tmp_path / "broken", **sources))


@pytest.mark.network
@pytest.mark.parametrize("name", BROKEN_CODEFLASH)
def test_a_wrong_result_of_a_release_is_never_timed(
    name: str, build: Callable[[str, str], Path], side_directory: Path, tmp_path: Path
) -> None:
    broken = write_modules(tmp_path / "broken", sitecustomize=BROKEN_CODEFLASH[name])
    python = build(EXTREMES["codeflash"][1], "3.13")
    refuses(python, name, tmp_path, f"{broken}{os.pathsep}{side_directory}")


def refuses(python: Path | str, name: str, cwd: Path, path: Path | str) -> None:
    """Check that a script raises its own error, and gives no number."""
    answer = work(python, name, cwd, path, ("--loops", "1"))
    assert answer.code == 1
    assert answer.text == ""
    assert "RuntimeError: " in answer.errors


def test_every_script_has_been_seen_to_refuse() -> None:
    seen = {*BROKEN_RICH, *BROKEN_CODEFLASH, *BROKEN_PIP}
    assert {name for name in NAMES if not name.startswith("codeflash_comparator")} == seen
