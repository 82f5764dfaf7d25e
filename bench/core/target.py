"""Targets: the projects that are measured, as declared in `bench/targets/*.toml`."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Literal

import msgspec

from bench.core.case_study import CaseStudy
from bench.core.container import ContainerSpec, ContainerUse
from bench.core.installation import Installation
from bench.core.matrix import spread
from bench.core.service import ServiceSpec, ServiceUse

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
# Of a target that no file declares: a name that no file can have.
READ = "@project"
TargetName = Annotated[
    str, msgspec.Meta(pattern=rf"^[a-z0-9][a-z0-9._-]*({READ})?$", max_length=100)
]
# That of a benchmark may have keys of its matrix in braces.
_BenchmarkName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9{][a-z0-9._{}-]*$", max_length=60)]
_Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+$")]
_Values = Annotated[tuple[str | int | float | bool, ...], msgspec.Meta(min_length=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
# One name, or several that a project had one after the other, the newest first.
Names = NonEmpty | Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)]

PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
PLACEHOLDERS = frozenset({"fixture", "home", "module", "service"})


class Kind(enum.StrEnum):
    """What is started to take one sample of a benchmark."""

    COMMAND = "command"
    IMPORT = "import"
    SCRIPT = "script"


class Benchmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measured thing: a `command`, `statement`, `script`, `service`, … says what.

    `command[0]` is looked up in the environment's own scripts first; `import` in the TOML file is
    a dotted module or a whole import statement; `script` is a folder `bench/suites/bm_<script>`,
    whose program gets `arguments`.
    `pytest` names tests (`tests/bench/test_x.py::test_y`, patterns, a folder). What is timed is the
    function that their `benchmark` fixture is given, or a `function` (`pkg.mod:Class.method`) while
    any tests run. `asv` names benchmarks of an asv suite (`benchmarks`, `FOLDER::PATTERN`). Both
    are those of head on both sides, or with `tests_of` "own" each side's.
    A revision without a module that is in `needs` does not have the benchmark: that is no error.
    `metric` is what it is decided by: "time" as the probe finds it right, "cpu" also of a process
    that waits. `mei` is its minimum effect of interest as a fraction, and
    `mei_memory` that of its peak memory; 0: those of the run. `allocated` has the bytes it asks for
    counted exactly.
    Any of `exit_status` is success. `failures_allowed` is the share of rounds that may fail.
    Without `default` it is measured only when it, or its group, is asked for.
    `{home}` in words of the commands and in `env` stands for the throwaway HOME, `{module}` (in an
    import too) for the name that the revision is imported by. `fixture` names a
    folder made before measuring (`workloads/fixtures`); with one, `{fixture}` stands for it, and
    `{service}` for the address of a server of that folder, which then runs beside the processes.
    `stdin` is text for the standard input, `stdin_file` a file instead; `files` are put into the
    folder where a process starts, by name. Standard output is a file unless `stdout` is "null".
    `copy` is a folder beside the target's file, of which each process finds a copy where it starts
    (`copy_digest`: of its files, when they were read). `matrix` makes a benchmark for each
    combination of values: `{key}` stands for one of them.
    `fresh_home` has HOME emptied before each process, so that what one writes changes no other;
    `prepare` is a command whose HOME each process finds instead: it is run once, and not timed.
    With `own_files` each process may write into what it finds there. `folder` is where it starts,
    HOME unless told otherwise. `rounds` marks a benchmark of minutes: base and head run in turn,
    and at least so many rounds are taken whatever the budget: 6 to 9 where a verdict needs more.
    `asks` are requests (`POST /path`) to the service without which a process was not at its end.
    """

    name: _BenchmarkName
    group: NonEmpty = "default"
    layer: str = ""
    command: tuple[str, ...] = ()
    statement: str = msgspec.field(default="", name="import")
    script: str = ""
    arguments: tuple[str, ...] = ()
    pytest: str = ""
    function: Annotated[str, msgspec.Meta(pattern=r"^$|^[\w.]+:[\w.]+$")] = ""
    asv: str = ""
    tests_of: Literal["head", "own"] = "head"
    service: ServiceUse | None = None
    container: ContainerUse | None = None
    needs: tuple[NonEmpty, ...] = ()
    exit_status: int | Annotated[tuple[int, ...], msgspec.Meta(min_length=1)] = 0
    failures_allowed: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.1
    timeout_s: Positive = 120.0
    metric: Literal["time", "cpu", "peak_rss"] = "time"
    mei: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    mei_memory: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    allocated: bool = False
    note: str = ""
    default: bool = True
    fixture: str = ""
    fresh_home: bool = False
    prepare: tuple[str, ...] = ()
    own_files: bool = False
    folder: str = ""
    asks: tuple[NonEmpty, ...] = ()
    rounds: Annotated[int, msgspec.Meta(ge=0, le=160)] = 0
    env: dict[str, str] = {}
    stdin: str = ""
    stdin_file: str = ""
    stdout: Literal["file", "null"] = "file"
    files: dict[str, str] = {}
    copy: str = ""
    copy_digest: str = ""
    matrix: dict[_Key, _Values] = {}

    def __post_init__(self) -> None:
        declared = (
            self.command, self.statement, self.script, self.pytest, self.asv, self.service,
            self.container,
        )  # fmt: skip
        if sum(map(bool, declared)) != 1:
            raise ValueError(
                "a benchmark has exactly one of command, import, script, pytest, asv, service and "
                "container"
            )
        for key in ("command", "prepare"):
            if getattr(self, key)[:1] == ("",):
                raise ValueError(f"the first word of {key} is the program: it cannot be empty")
        if self.metric == "peak_rss" and not self.has_memory:
            raise ValueError('metric = "peak_rss" goes with a command, an import or a script')
        if self.metric == "cpu" and not self.is_started:
            raise ValueError('metric = "cpu" goes with a command or an import')
        if self.allocated and not self.is_started:
            raise ValueError("allocated goes with a command or an import")
        self._check_suite()
        self._check_input()
        self._check_matrix()
        if not self.matrix:  # what it makes is checked
            _check_placeholders(self._words, has_fixture=bool(self.fixture))

    def _check_suite(self) -> None:
        if self.arguments and not self.script:
            raise ValueError("arguments go with a script; those of a command stand in command")
        if self.tests_of != "head" and not self.is_suite:
            raise ValueError("tests_of goes with pytest or asv")
        if self.function and not self.pytest:
            raise ValueError("function goes with pytest, which names the tests that call it")

    def _check_input(self) -> None:
        if (self.stdin or self.stdin_file) and not self.is_started:
            raise ValueError("stdin and stdin_file go with a command or an import")
        if self.stdin and self.stdin_file:
            raise ValueError("a benchmark has stdin or stdin_file, not both")
        if (self.files or self.stdout != "file") and not (self.is_started or self.script):
            raise ValueError("files and stdout go with a command, an import or a script")
        if self.files and "{fixture}" in self.folder:
            raise ValueError("files cannot be put into a fixture, which both sides share")
        for name in self.files:
            parts = PurePosixPath(name).parts
            if not parts or name.startswith("/") or ".." in parts:
                raise ValueError(f"files: {name!r} is not a path inside the folder of the process")

    def _check_matrix(self) -> None:
        if "{" in self.name and not self.matrix:
            raise ValueError(f"name {self.name!r} has braces, but the benchmark has no matrix")
        known = sorted(PLACEHOLDERS & set(self.matrix))
        if known:
            raise ValueError(f"matrix: {{{known[0]}}} means something else already")
        if self.copy and not (self.is_started or self.script):
            raise ValueError("copy goes with a command, an import or a script")
        if self.copy and "{fixture}" in self.folder:
            raise ValueError("a folder cannot be copied into a fixture, which both sides share")

    def allows(self, status: int | None) -> bool:
        """Whether an exit status is success; None is that of a process that was stopped."""
        exit_status = self.exit_status
        return status in (exit_status if isinstance(exit_status, tuple) else (exit_status,))

    @property
    def _words(self) -> tuple[str, ...]:
        started = self.service.of if self.service else None
        its = (*started.command, *started.env.values()) if started else ()
        own = tuple(word.replace("{port}", "") for word in its)
        inside = self.container.of or self.container if self.container else None
        own += (*inside.command, *inside.env.values()) if inside else ()
        words = *self.command, *self.prepare, *self.arguments
        return *words, self.folder, self.stdin_file, *self.env.values(), *own

    @property
    def is_started(self) -> bool:
        """Whether it is a process by itself: a command or an import."""
        return bool(self.command or self.statement)

    @property
    def is_suite(self) -> bool:
        """Whether it is part of a suite that the project has, in its own files."""
        return bool(self.pytest or self.asv)

    @property
    def suite(self) -> str:
        """What of its suite is meant: `PATH`, or `PATH::NAME`."""
        return self.pytest or self.asv

    @property
    def is_tracked(self) -> bool:
        """Whether it is an asv benchmark that returns a figure of its own."""
        return self.asv.rpartition("::")[2].rpartition(".")[2].startswith(("track_", "Track"))

    @property
    def suite_path(self) -> str:
        """Where its suite lies, seen from the project's folder; may hold a pattern."""
        return self.suite.partition("::")[0].rstrip("/")

    @property
    def has_memory(self) -> bool:
        """Whether the measured processes are its own; else they drive a service or a container."""
        return not (self.service or self.container)

    @property
    def served(self) -> bool:
        """Whether it needs the server of its fixture: `{service}` is in its words."""
        return any("{service}" in word for word in self._words)

    @property
    def kind(self) -> Kind:
        """Whether a command, an import or a pyperf script is measured.

        Services, containers and suites are measured by programs of the harness's own, below
        `bench/workloads/`.
        """
        if self.command:
            return Kind.COMMAND
        return Kind.IMPORT if self.statement else Kind.SCRIPT

    @property
    def import_statement(self) -> str:
        """The Python statement an import benchmark runs."""
        if re.match(r"(from|import)\s", self.statement):
            return self.statement
        return f"import {self.statement}"


class OwnTests(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a target's own tests are run, in a fresh checkout, before anything is measured.

    `command` is pytest's, and `paths` are added to it; those a revision does not have are left out,
    and so are `groups` and `extras` it does not declare. `requirements` are installed besides.
    """

    command: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)] = (
        "python", "-m", "pytest", "-q",
    )  # fmt: skip
    paths: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)] = ("tests",)
    requirements: tuple[NonEmpty, ...] = ()
    groups: tuple[NonEmpty, ...] = ()
    extras: tuple[NonEmpty, ...] = ()
    deselect: tuple[NonEmpty, ...] = ()
    timeout_s: Positive = 1200.0
    env: dict[str, str] = {}


class Layered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A layer that stands around a traced scenario where it is used: another target's benchmark.

    `scenario` is a pattern for benchmarks of this target; `each` says how often the layer is met.
    `public` is a target that stands for a private one where that has no data, by its benchmark of
    the same name.
    """

    scenario: NonEmpty
    layer: NonEmpty
    target: Name
    benchmark: Name
    each: Literal["run", "requests"] = "run"
    public: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9._-]*)?$")] = ""


def _check_placeholders(words: Iterable[str], *, has_fixture: bool) -> None:
    """Refuse `{fixture}` without a fixture and, with one, names in braces that mean nothing."""
    used = {name for word in words for name in PLACEHOLDER.findall(word)}
    for name in () if has_fixture else sorted(used & {"fixture", "service"}):
        raise ValueError(f'{{{name}}} is used, but the benchmark has no fixture = "NAME"')
    unknown = sorted(used - PLACEHOLDERS) if has_fixture else []
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
        raise ValueError(f"unknown placeholder {{{unknown[0]}}}; known are {known}")


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A project that is measured: where it comes from, how it is installed, what is measured.

    It is measured on `pythons`, and where that is asked for on `more_pythons`.

    Of several names in `distribution` and `module`, each revision goes by the first it has.
    `name` ends in `READ` where no file declares it.
    """

    name: TargetName
    layer: NonEmpty
    distribution: Names
    module: Names
    description: str = ""
    clone: str = ""
    private: bool = False
    released: bool = True
    default_range: str = ""
    pythons: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)] = ("3.12", "3.13")
    more_pythons: tuple[NonEmpty, ...] = ()
    checkout_excludes: tuple[str, ...] = ()
    build_timeout_s: Positive = 900.0
    network: Literal["none", "host"] = "none"
    env: dict[str, str] = {}
    install: Installation = Installation()
    tests: OwnTests | None = None
    service: ServiceSpec | None = None
    around: tuple[Layered, ...] = ()
    container: ContainerSpec | None = None
    case_study: CaseStudy | None = msgspec.field(default=None, name="case-study")
    benchmark: Annotated[tuple[Benchmark, ...], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        names = [benchmark.name for benchmark in self.benchmark]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"benchmark names used twice: {', '.join(twice)}")
        if not (self.clone or self.released):
            raise ValueError("a target needs a clone URL or releases (or both)")
        if self.container and len(self.distributions) + len(self.modules) > 2:
            raise ValueError("with [container], distribution and module are one name each")

    @property
    def is_read(self) -> bool:
        """Whether it was read from the project itself, and no file declares it."""
        return self.name.endswith(READ)

    @property
    def distributions(self) -> tuple[str, ...]:
        """Names on the package index and in metadata, the newest first."""
        return (self.distribution,) if isinstance(self.distribution, str) else self.distribution

    @property
    def modules(self) -> tuple[str, ...]:
        """Names to import it by, the newest first."""
        return (self.module,) if isinstance(self.module, str) else self.module

    @property
    def measured_install(self) -> Installation:
        """How it is installed to be measured: with what runs its suites."""
        runs = ["pytest"] if any(one.pytest for one in self.benchmark) else []
        runs += ["asv_runner"] if any(one.asv for one in self.benchmark) else []
        return self.install.with_requirements(runs)

    @property
    def has_suites(self) -> bool:
        """Whether a benchmark is part of a suite that the project has."""
        return any(one.is_suite for one in self.benchmark)


def word_of(name: str) -> str:
    """What a user types for a target: its name, and where no file declares it, its folder."""
    return "PATH" if name.endswith(READ) else name


def parse_target(text: str) -> Target:
    """Decode a target's TOML.

    Raises `tomllib.TOMLDecodeError` (a `ValueError`) for text that is no TOML and
    `msgspec.ValidationError` for TOML that is no target.
    """
    target = msgspec.toml.decode(text, type=Target)
    if not any(one.matrix for one in target.benchmark):
        return target
    several = tuple(each for one in target.benchmark for each in spread(one))
    try:
        return msgspec.structs.replace(target, benchmark=several)
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from error


def line_of_path(text: str, path: str) -> int | None:
    """The line of a TOML text that a msgspec error path such as `$.benchmark[2].group` means.

    A best effort for people: array tables are counted by their headers, and within the right part
    the line that assigns the key is looked for. None when the path names nothing in the text.
    """
    parts: list[tuple[str, str]] = re.findall(r"\.([\w-]+)(?:\[(\d+)\])?", path)
    lines = text.splitlines()
    start = 0
    found: int | None = None
    for key, position in parts:
        header = re.compile(rf"^\s*\[\[?\s*{re.escape(key)}\s*\]\]?")
        headers = [i for i, line in enumerate(lines) if i >= start and header.match(line)]
        assignment = re.compile(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=")
        assigned = [i for i, line in enumerate(lines) if i >= start and assignment.match(line)]
        wanted = int(position or 0)
        if headers and wanted < len(headers):
            start = headers[wanted]
            found = start + 1
        elif assigned:
            start = assigned[0]
            found = start + 1
    return found
