"""From a pattern in a target's file to the benchmarks of a revision that it means."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import msgspec

from bench.core.errors import BenchError
from bench.core.revision import Revision
from bench.core.target import Benchmark, Target
from bench.core.workspace import Workspace
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_path
from bench.engine.sources.trees import Sources, find_sources
from bench.engine.suites.asv_benchmarks import SETTINGS, benchmark_folder, find_benchmarks
from bench.engine.suites.pytest_tests import Fixtures, find_tests

_LONGEST = 60  # of a benchmark's name
_WORDS_OF_ALL = re.compile(
    r"^(?:tests?|bench|benchmarks?|time|track)_|_(?:tests?|bench|benchmarks?)$"
    r"|^(?:Test|Time|Bench|Benchmark)s?(?=[A-Z])|(?:Suite|Tests?|Bench|Benchmarks?)$"
)


def with_suites(
    target: Target, revision: Revision, workspace: Workspace, repo: Path | None
) -> Target:
    """The target with each benchmark that a pattern stands for in a revision's suites.

    A pattern that means nothing there stays: what keeps it from being measured is said when it is
    tried.
    """
    if not target.has_suites:
        return target
    found: list[Benchmark] = []
    for one in target.benchmark:
        found += _expanded(one, target, revision, workspace, repo) if one.is_suite else (one,)
    return msgspec.structs.replace(target, benchmark=_named_apart(found))


def with_suites_at_hand(target: Target, workspace: Workspace) -> Target:
    """The same as the target's clone has them now, if it is there: nothing is fetched."""
    path = clone_path(target, workspace)
    if not target.has_suites or not path.is_dir():
        return target
    clone, name = Clone(path), target.default_range.rpartition("..")[2] or "HEAD"
    commit = clone.find(name) or clone.find("HEAD")
    if commit is None:
        return target
    return with_suites(target, clone.revision(name, commit), workspace, None)


def suite_paths(target: Target) -> tuple[str, ...]:
    """The folders and files of all suites, each as far as it has no pattern in it."""
    paths = (_fixed(one.suite_path) for one in target.benchmark if one.is_suite)
    return tuple(dict.fromkeys(paths))


def _fixed(pattern: str) -> str:
    parts = pattern.split("/")
    fixed = [part for index, part in enumerate(parts) if not _has_pattern(parts[: index + 1])]
    return "/".join(fixed) or "."


def _has_pattern(parts: list[str]) -> bool:
    return any(sign in part for part in parts for sign in "*?[")


def _expanded(
    benchmark: Benchmark,
    target: Target,
    revision: Revision,
    workspace: Workspace,
    repo: Path | None,
) -> tuple[Benchmark, ...]:
    path = (_fixed(benchmark.suite_path),)
    try:
        sources = find_sources(target, revision, workspace, repo, path)
    except BenchError:
        return (benchmark,)
    found = tuple(expand(benchmark, sources))
    return found or (benchmark,)


def expand(benchmark: Benchmark, sources: Sources) -> Iterator[Benchmark]:
    """Each benchmark that it means; one that means a single test keeps its name.

    With a function that is timed, all tests together are one.
    """
    if benchmark.function:
        return
    find = _in_tests if benchmark.pytest else _in_asv
    is_one = "::" in benchmark.suite and not _has_pattern([benchmark.suite.partition("[")[0]])
    for found in find(benchmark, sources):
        words = [*(() if is_one else found.words), *(() if found.is_exact else (found.case,))]
        words = list(filter(None, words))
        key = "pytest" if benchmark.pytest else "asv"
        yield msgspec.structs.replace(
            benchmark,
            name=_name(benchmark.name, words),
            group=benchmark.name if words and benchmark.group == "default" else benchmark.group,
            metric="peak_rss" if found.is_memory else benchmark.metric,
            **{key: found.suite},
        )


@dataclass(frozen=True, kw_only=True)
class _Meant:
    """What a pattern means: its place, words for its name, and which case it is.

    `is_exact`: the pattern names the case itself.
    """

    suite: str
    words: tuple[str, ...]
    case: str
    is_exact: bool
    is_memory: bool = False


def _in_tests(benchmark: Benchmark, sources: Sources) -> Iterator[_Meant]:
    wanted = benchmark.suite.partition("::")[2]
    for path in _files(benchmark.suite_path, sources):
        for test in find_tests(_read(sources, path), _fixtures_above(sources, path)):
            for node in test.nodes:
                if not wanted or _is_named(node, wanted):
                    name, case = node.partition("[")[::2]
                    stem = path.rpartition("/")[2].removesuffix(".py")
                    yield _Meant(
                        suite=f"{path}::{node}",
                        words=(stem, *name.split("::")),
                        case=case,
                        is_exact=node == wanted,
                    )


def _in_asv(benchmark: Benchmark, sources: Sources) -> Iterator[_Meant]:
    wanted, _, number = benchmark.suite.partition("::")[2].partition("-")
    folder = _asv_folder(benchmark, sources)
    for path in _files(folder, sources):
        module = path.removeprefix(f"{folder}/").removesuffix(".py").replace("/", ".")
        for one in find_benchmarks(_read(sources, path)):
            name = f"{module}.{one.name}"
            if wanted and not (fnmatchcase(name, wanted) or fnmatchcase(name, f"*.{wanted}")):
                continue
            for index, case in enumerate(one.cases or ("",)):
                if number in {"", str(index)}:
                    yield _Meant(
                        suite=f"{folder}::{name}" + f"-{index}" * bool(one.cases),
                        words=tuple(name.split(".")),
                        case=case,
                        is_exact=bool(number),
                        is_memory=one.is_memory,
                    )


def _asv_folder(benchmark: Benchmark, sources: Sources) -> str:
    """Where the benchmarks of an asv suite lie: as its settings say, or where they are said to."""
    settings = posixpath.normpath(posixpath.join(benchmark.suite_path, SETTINGS))
    if posixpath.normpath(posixpath.join(sources.project, settings)) not in sources.files:
        return benchmark.suite_path
    told = benchmark_folder(_read(sources, settings))
    return posixpath.normpath(posixpath.join(benchmark.suite_path, told))


def _is_named(node: str, wanted: str) -> bool:
    """Whether a test is meant: by a pattern for its name, or for that and its class."""
    name, case = node.partition("[")[::2]
    like, wanted_case = wanted.partition("[")[::2]
    return fnmatchcase(name, like) and wanted_case in {"", case}


def _read(sources: Sources, path: str) -> str:
    return sources.text(posixpath.join(sources.project, path))


def _files(pattern: str, sources: Sources) -> list[str]:
    """Python files below the project's folder that a path, a folder or a pattern means."""
    start = f"{sources.project}/" if sources.project else ""
    inside = (path.removeprefix(start) for path in sources.files if path.startswith(start))
    return sorted(
        path
        for path in inside
        if path.endswith(".py")
        and (pattern in {path, "."} or path.startswith(f"{pattern}/") or fnmatchcase(path, pattern))
    )


def _fixtures_above(sources: Sources, path: str) -> Fixtures:
    found = Fixtures()
    parts = path.split("/")[:-1]
    for depth in range(len(parts) + 1):
        conftest = "/".join([*parts[:depth], "conftest.py"])
        if posixpath.join(sources.project, conftest) in sources.files:
            found = found.with_file(_read(sources, conftest))
    return found


def _name(declared: str, words: list[str]) -> str:
    """`suite-render-table-10` of `tests/test_render.py::test_table[10]`."""
    short = [_WORDS_OF_ALL.sub("", word).lower() for word in words]
    # Of a file and a test of the same name, one says enough.
    short = [one for one, after in pairwise([*short, ""]) if not after.startswith(one)]
    text = re.sub(r"[^a-z0-9.]+", "-", "-".join(short)).strip("-.")
    return "-".join(filter(None, (declared, text)))


def _named_apart(benchmarks: list[Benchmark]) -> tuple[Benchmark, ...]:
    """Names that are short enough, and each there once."""
    names = [one.name for one in benchmarks]
    return tuple(
        msgspec.structs.replace(one, name=_with_digest(one))
        if one.is_suite and (len(one.name) > _LONGEST or names.count(one.name) > 1)
        else one
        for one in benchmarks
    )


def _with_digest(benchmark: Benchmark) -> str:
    digest = hashlib.sha256(benchmark.suite.encode()).hexdigest()[:6]
    return f"{benchmark.name[: _LONGEST - 7].rstrip('-.')}-{digest}"
