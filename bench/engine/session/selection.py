"""Which of a target's benchmarks a run takes."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.target import Benchmark, Kind, Target
from bench.engine.measure.invocations import SERVICE_DRIVER, control_benchmark
from bench.engine.session.keywords import parse_keywords
from bench.engine.store.manifest import PlannedBenchmark
from bench.workloads.containers.telling import driver_sources
from bench.workloads.fixtures.catalogue import find_fixture
from bench.workloads.suites.telling import suite_programs

_CAME_LATER = {
    "fixture", "fresh_home", "prepare", "env", "service", "container", "own_files", "folder",
    "asks", "arguments", "stdin", "stdin_file", "files", "pytest",
    "function", "asv", "copy", "copy_digest", "matrix",
}  # fmt: skip


def select(target: Target, options: Options, suites: Path) -> tuple[PlannedBenchmark, ...]:
    """The control first, then what `--benchmark` and `--group` let through, as declared.

    Raises `UsageError` when a pattern or group matches nothing, or a script's folder is missing.
    """
    _check_patterns(target, options)
    chosen = [one for one in target.benchmark if _wanted(one, options)]
    if not chosen:
        raise UsageError("No benchmark is in both the groups and the names asked for.")
    return tuple(
        PlannedBenchmark(one, one.layer or target.layer, digest(one, suites))
        for one in (control_benchmark(), *chosen)
    )


def by_keywords(target: Target, options: Options, expression: str) -> Options:
    """The options, with the names of those of their benchmarks that `-k` lets through.

    A benchmark is found by its name and its group. Raises `UsageError` when none is left.
    """
    test = parse_keywords(expression)
    matched = [one for one in target.benchmark if test(f"{one.name} {one.group}")]
    chosen = [one.name for one in matched if _wanted(one, options)]
    if not chosen:
        names = ", ".join(one.name for one in matched or target.benchmark)
        raise UsageError(
            f"-k {expression!r} matches no benchmark that would be measured.",
            f"It matches {names}, with --benchmark '*'." if matched else f"Benchmarks: {names}.",
        )
    return msgspec.structs.replace(options, benchmarks=tuple(chosen))


def digest(benchmark: Benchmark, suites: Path) -> str:
    """Changes when what is measured changes: the declaration, a script's sources, the fixture."""
    content = hashlib.sha256(_declaration(benchmark))
    if benchmark.fixture:
        content.update(_fixture(benchmark))
    if benchmark.container:
        content.update(driver_sources())
    elif benchmark.service:
        content.update(SERVICE_DRIVER.read_bytes())
    elif benchmark.is_suite:
        content.update(suite_programs(benchmark))
    elif benchmark.kind is Kind.SCRIPT:
        folder = suites / f"bm_{benchmark.script}"
        if not (folder / "run_benchmark.py").is_file():
            raise UsageError(
                f"Benchmark {benchmark.name!r} names the script {benchmark.script!r}, but there is "
                f"no {folder}/run_benchmark.py."
            )
        shared = suites / "suitekit"
        for file in sorted((*folder.rglob("*.py"), *shared.rglob("*.py"))):
            content.update(file.name.encode() + b"\0" + file.read_bytes())
    return content.hexdigest()[:16]


def _fixture(benchmark: Benchmark) -> bytes:
    """What the fixture is made of, and its server's program where that has a part in it."""
    fixture = find_fixture(benchmark.fixture)
    if not benchmark.served:
        return fixture.digest.encode()
    if fixture.server is None:
        raise UsageError(
            f"Benchmark {benchmark.name!r} uses {{service}}, but fixture {benchmark.fixture!r} has "
            "no server."
        )
    return fixture.digest.encode() + fixture.server.sources


def _declaration(benchmark: Benchmark) -> bytes:
    """The declaration; keys that came later count where they are used: older digests stay."""
    keys = msgspec.to_builtins(benchmark)
    # Whether it runs, how often, how it is judged, and how often it may fail: not what runs.
    del keys["default"], keys["rounds"], keys["mei"], keys["mei_memory"], keys["failures_allowed"]
    del keys["allocated"]
    if keys["metric"] == "time":
        del keys["metric"]
    if keys["stdout"] == "file":
        del keys["stdout"]
    if keys["tests_of"] == "head":
        del keys["tests_of"]
    return msgspec.json.encode(
        {key: value for key, value in keys.items() if value or key not in _CAME_LATER}
    )


def _wanted(benchmark: Benchmark, options: Options) -> bool:
    if not options.benchmarks and not options.groups:
        return benchmark.default
    named = not options.benchmarks or any(
        fnmatchcase(benchmark.name, pattern) for pattern in options.benchmarks
    )
    return named and (not options.groups or benchmark.group in options.groups)


def _check_patterns(target: Target, options: Options) -> None:
    names = [one.name for one in target.benchmark]
    groups = sorted({one.group for one in target.benchmark})
    for pattern in options.benchmarks:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"--benchmark {pattern} matches nothing in {target.name}.",
                f"Benchmarks: {', '.join(names)}.",
            )
    for group in options.groups:
        if group not in groups:
            raise UsageError(
                f"{target.name} has no benchmark group {group!r}.", f"Groups: {', '.join(groups)}."
            )
