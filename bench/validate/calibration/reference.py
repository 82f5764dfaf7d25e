"""The speed of the machine itself: a few of pyperformance's standard benchmarks on each Python.

These are absolute times, the only ones this project compares across runs: they say how one machine,
one day or one Python stands to another, not what a change did. The scripts are pyperformance's own,
run by pyperf's own runner, so that the files can be held against anybody's results.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pyperf

from bench.core.errors import DataError, NothingMeasuredError, UsageError
from bench.core.files import write_atomically
from bench.core.machine import Machine
from bench.core.process import run_tool
from bench.core.program import install
from bench.core.scratch import scratch_folder
from bench.core.workspace import Workspace
from bench.engine.environments.clean import DEFAULTS
from bench.engine.environments.interpreters import Interpreter
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.folders import give
from bench.engine.sandbox.isolation import Isolation
from bench.engine.session.support import pyperf_folder
from bench.engine.session.watcher import Watcher
from bench.engine.store.documents import DAMAGED, cannot_write, content_of
from bench.engine.store.place import CALIBRATION

BENCHMARKS = ("python_startup", "json_loads", "nbody", "deltablue")
_PASSES = 3
_RUNNER = ("--processes", "2", "--values", "4", "--warmups", "1", "--inherit-environ", "PYTHONPATH")
_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class ReferenceSpeed:
    """The machine's reference speed on one Python: a pyperf suite, and where and when."""

    machine: str
    python: str
    at: datetime
    suite: pyperf.BenchmarkSuite


def measure_reference(
    interpreters: Sequence[Interpreter],
    machine: Machine,
    isolation: Isolation,
    workspace: Workspace,
    watcher: Watcher,
    *,
    names: Sequence[str] = BENCHMARKS,
    passes: int = _PASSES,
) -> Path:
    """Run every benchmark on every Python in turn, several passes in random order.

    Returns the folder with one pyperf file a Python. Raises `NothingMeasuredError` when a script
    fails, `DataError` when the disk takes no more.
    """
    now = datetime.now(UTC)
    folder = workspace.data / CALIBRATION / machine.name / "reference" / f"{now:%Y%m%dT%H%M%SZ}"
    runs = [(name, one) for name in names for one in interpreters]
    chance = random.Random()
    with scratch_folder(workspace.scratch, "reference-") as scratch:
        if isolation.owner is not None:
            give(scratch, isolation.owner)
        for count in range(passes):
            chance.shuffle(runs)
            for name, one in runs:
                watcher.phase(
                    f"reference speed: {name} on {one.version}, pass {count + 1} of {passes}"
                )
                _run(name, one, isolation, workspace, scratch / f"py{one.version}.json")
        for one in interpreters:
            _keep(scratch / f"py{one.version}.json", folder)
    return folder


def _run(
    name: str, interpreter: Interpreter, isolation: Isolation, workspace: Workspace, suite: Path
) -> None:
    """Run one benchmark; its values are appended to the suite."""
    support = pyperf_folder(interpreter, workspace)
    env = {
        **DEFAULTS,
        "PATH": f"{interpreter.executable.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(suite.parent),
        "PYTHONPATH": str(support),
    }
    access = Access(
        (*python_folders(interpreter.executable), support, _script(name).parents[2]),
        (suite.parent,),
    )
    words = [*isolation.around(access), str(interpreter.executable), str(_script(name))]
    words += [*_RUNNER, "--append", str(suite)]
    done = run_tool(words, cwd=suite.parent, env=env, timeout_s=_TIMEOUT_S)
    if not done.ok:
        raise NothingMeasuredError(
            f"pyperformance's {name} failed on Python {interpreter.version}: {done.describe()}\n"
            f"{done.last_lines()}",
            "`--no-reference` leaves the reference benchmarks out.",
        )


def check_reference() -> None:
    """Raise `UsageError` when pyperformance is missing, which only calibration needs."""
    if find_spec("pyperformance") is None:
        raise UsageError(
            "pyperformance is not installed; its benchmarks measure the machine's own speed.",
            f"{install('calibrate')}; `--no-reference` leaves these benchmarks out.",
        )


def _script(name: str) -> Path:
    found = files("pyperformance") / "data-files" / "benchmarks" / f"bm_{name}" / "run_benchmark.py"
    return Path(str(found))


def _keep(suite: Path, folder: Path) -> None:
    """Keep a suite; paths in the home directory name a person, and no other machine has them."""
    text = suite.read_text(encoding="utf-8").replace(f"{Path.home()}/", "~/")
    try:
        write_atomically(folder / suite.name, text)
    except OSError as error:
        raise cannot_write(folder / suite.name, error) from error


def read_references(data: Path) -> Iterator[ReferenceSpeed | DataError]:
    """All reference speeds under `data/`, oldest first; damaged files as errors."""
    found = sorted((data / CALIBRATION).glob("*/reference/*/py*.json"))
    for file in sorted(found, key=lambda one: (one.parent.name, one.parts[-4], one.name)):
        try:
            yield _read_reference(file)
        except DataError as error:
            yield error


def _read_reference(file: Path) -> ReferenceSpeed:
    try:
        suite = pyperf.BenchmarkSuite.loads(content_of(file).decode())
        at = datetime.strptime(file.parent.name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if all(value > 0 for one in suite for value in one.get_values()):
            return ReferenceSpeed(file.parts[-4], file.stem.removeprefix("py"), at, suite)
        error: Exception = ValueError("a time is not positive")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as raised:
        error = raised  # pyperf takes apart what it reads without looking at it first
    raise DataError(f"{file} is damaged: {error}", DAMAGED) from error
