"""From a declared benchmark and an environment to the process that is started."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.container import ContainerUse
from bench.core.files import write_atomically
from bench.core.process import run_tool
from bench.core.result import CONTROL
from bench.core.service import ServiceUse
from bench.core.target import PLACEHOLDER, Benchmark, Kind
from bench.engine.environments.build import Environment
from bench.engine.environments.clean import subject_environment
from bench.engine.environments.provenance import Installed
from bench.engine.measure.client import Invocation
from bench.engine.measure.homes import FreshHome
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.folders import access_of, streams_of
from bench.engine.suites.folders import SuiteFolder
from bench.workloads.containers.telling import DRIVER, NotTellableError, tell
from bench.workloads.suites.telling import tell_suite

SERVICE_DRIVER = Path(__file__).parents[2] / "workloads" / "services" / "driver.py"

# Looks for modules without importing anything: what is measured must not say what it has.
_MISSING = """
import importlib.machinery as files, sys
for name in sys.argv[1].split():
    where = [*sys.argv[2:], *sys.path]
    for part in name.split("."):
        found = files.PathFinder.find_spec(part, where) if where else None
        where = list(found.submodule_search_locations or ()) if found else None
    if found is None and name not in sys.builtin_module_names:
        print(name)
"""


class NotPresentError(Exception):
    """The revision has no such command or module (the message says which).

    `is_declared`: the benchmark says in `needs` that some revisions are without it.
    """

    def __init__(self, message: str, *, is_declared: bool = False) -> None:
        super().__init__(message)
        self.is_declared = is_declared


class NotServedError(Exception):
    """The server or the suite that the benchmark needs can't be had (the message says why)."""

    is_declared = True


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What every invocation of a side shares: its environment, variables, and folders.

    `home` is throwaway, and so is the folder it lies in, which is the side's own;
    `support` holds pyperf for scripts, outside the subject's environment;
    `targets` is where folders that are copied lie. `fixtures` are the folders of fixtures by name,
    and `services` the addresses of their servers: the same for both sides. `refusal` says why there
    are no servers. `suites_of` tells where the files of a benchmark's suite lie, as this side sees
    them.
    """

    environment: Environment
    own: dict[str, str]
    home: Path
    support: Path
    suites: Path
    targets: Path = Path()
    fixtures: Mapping[str, Path] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    suites_of: Callable[[Benchmark], SuiteFolder | None] = lambda _: None

    def invocation(
        self, benchmark: Benchmark, options: tuple[str, ...] = (), *, cpu_clock: bool = False
    ) -> Invocation:
        """The process of one sample; `options` go to a script's pyperf runner.

        `cpu_clock` lets a script's values count CPU time. Raises `NotPresentError` when the
        environment has no such command, `NotServedError` when its server can't be had.
        """
        if (benchmark.served and benchmark.fixture not in self.services) or (
            benchmark.service and self.refusal
        ):
            raise NotServedError(self.refusal)
        venv, streams = self.environment.venv, streams_of(self.home)
        env = self._variables(benchmark)
        extra = ""
        affinity = ""
        if benchmark.kind is Kind.COMMAND:
            first, *others = self._fill(benchmark, benchmark.command)
            argv = (_executable(venv, first), *others)
        elif benchmark.kind is Kind.IMPORT:
            module = self.environment.record.module
            statement = benchmark.import_statement.replace("{module}", module)
            argv = (f"{venv}/bin/python", "-c", statement)
        else:
            words = self._script_words(benchmark, env, cpu_clock=cpu_clock)
            argv = (f"{venv}/bin/python", *words, *options)
            env["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(self.support), env.get("PYTHONPATH")))
            )
            extra = str(streams / "pyperf.json")
            affinity = "--affinity"
        return Invocation(
            argv=argv,
            env=env,
            cwd=self.home,
            stdin=self._stdin(benchmark),
            stdout=Path(os.devnull) if benchmark.stdout == "null" else streams / "stdout",
            stderr=streams / "stderr",
            extra=extra,
            affinity=affinity,
            home=self._home(benchmark, env),
            access=self._access(benchmark),
            folder=self._start_folder(benchmark) if benchmark.folder else None,
        )

    def _stdin(self, benchmark: Benchmark) -> Path:
        if benchmark.stdin:
            file = streams_of(self.home) / f"{benchmark.name}.stdin"
            write_atomically(file, benchmark.stdin)  # whatever was put in its place
            return file
        if not benchmark.stdin_file:
            return Path(os.devnull)
        (name,) = self._fill(benchmark, (benchmark.stdin_file,))
        return self._start_folder(benchmark) / name

    def _start_folder(self, benchmark: Benchmark) -> Path:
        """Where the process starts: HOME, or a folder that is relative to it."""
        return self.home.joinpath(*self._fill(benchmark, (benchmark.folder,)))

    @property
    def own_names(self) -> list[tuple[str, str]]:
        """Patterns of what only this side prints, and what stands for each in comparisons."""
        record, home, folder = self.environment.record, str(self.home), self.environment.folder
        found = [(re.escape(home), "<home>"), (re.escape(str(folder)), "<environment>")]
        version = record.provenance.version
        if "." in version:
            found.append((rf"(?<![\w.])v?{re.escape(version)}(?!\w|\.\d)", "<version>"))
        if len(record.revision.identity) == 40:
            found.append((rf"\b{record.revision.identity[:7]}[0-9a-f]*\b", "<commit>"))
        return found

    @property
    def access(self) -> Access:
        """What its processes may see: not the other side, no data, no cache."""
        pythons = python_folders(self.environment.venv / "bin" / "python")
        read = (self.environment.venv.parent, *pythons, self.support, self.suites)
        return access_of(self.home, (*read, *self.fixtures.values()))

    def _access(self, benchmark: Benchmark) -> Access:
        folder = self.suites_of(benchmark) if benchmark.is_suite else None
        own = self.access
        return dataclasses.replace(own, read=(*own.read, folder.access)) if folder else own

    def check_present(self, benchmark: Benchmark) -> None:
        """Raise `NotPresentError` when a module the benchmark needs is not in this revision."""
        if not benchmark.needs:
            return
        venv = self.environment.venv
        python = (venv / "bin" / "python").resolve()  # by its link it reads the environment's files
        looked = run_tool(
            [python, "-I", "-S", "-c", _MISSING, " ".join(benchmark.needs), *Installed(venv).sites],
            env={},
            timeout_s=60,
        )  # fmt: skip
        if looked.stdout.split():
            missing = ", ".join(looked.stdout.split())
            raise NotPresentError(
                f"not present in this revision (no module {missing})", is_declared=True
            )

    def _script_words(
        self, benchmark: Benchmark, env: dict[str, str], *, cpu_clock: bool
    ) -> tuple[str, ...]:
        """The program that takes values, and its arguments."""
        if benchmark.is_suite:
            return self._suite(benchmark, cpu_clock=cpu_clock)
        script = self._script(benchmark, env)
        clock = (str(Path(__file__).with_name("cpu_clock.py")),) if cpu_clock else ()
        return *clock, str(script), *self._fill(benchmark, benchmark.arguments)

    def _suite(self, benchmark: Benchmark, *, cpu_clock: bool) -> tuple[str, ...]:
        folder = self.suites_of(benchmark)
        if folder is None or folder.refusal:
            raise NotServedError(folder.refusal if folder else "its suite is not at hand here")
        site = Installed(self.environment.venv).sites[0]
        root, path = folder.place(benchmark.suite_path, site)
        modules = (self.environment.record.module,)
        return tell_suite(benchmark, root, path, modules, cpu_clock=cpu_clock)

    def _script(self, benchmark: Benchmark, env: dict[str, str]) -> Path:
        """The pyperf script; one that drives a service or a container is told by a file."""
        if benchmark.container is not None:
            return self._container(benchmark, benchmark.container, env)
        if benchmark.service is None:
            return self.suites / f"bm_{benchmark.script}" / "run_benchmark.py"
        told = self.home.with_name(f"{self.home.name}-services") / f"{benchmark.name}.json"
        env["BENCH_SERVICE"] = str(told)
        write_atomically(told, self._told(benchmark, benchmark.service))
        return SERVICE_DRIVER

    def _container(self, benchmark: Benchmark, use: ContainerUse, env: dict[str, str]) -> Path:
        told = self.home.with_name(f"{self.home.name}-containers") / f"{benchmark.name}.json"
        mounts = [self.fixtures[benchmark.fixture]] if benchmark.fixture else []
        filled = use.filled(lambda words: self._fill(benchmark, words))
        try:
            content = tell(
                filled, self.environment.record, self.environment.folder,
                served=benchmark.served, mounts=mounts, timeout_s=benchmark.timeout_s,
            )  # fmt: skip
        except NotTellableError as error:
            raise NotServedError(str(error)) from error
        write_atomically(told, content)
        env |= {"BENCH_CONTAINER": str(told), "PYTHONPATH": str(DRIVER.parents[3])}
        return DRIVER

    def _told(self, benchmark: Benchmark, use: ServiceUse) -> bytes:
        service = use.of
        assert service is not None  # the catalogue puts it in
        words = self._fill(benchmark, service.command)
        values = self._fill(benchmark, tuple(service.env.values()))
        env = dict(zip(service.env, values, strict=True))
        filled = msgspec.structs.replace(service, command=words, env=env)
        return msgspec.json.encode(msgspec.structs.replace(use, of=filled))

    def _home(self, benchmark: Benchmark, env: dict[str, str]) -> FreshHome | None:
        """What HOME is to hold before each process; None: it is left as it is."""
        first: tuple[str, ...] = ()
        if benchmark.prepare:
            name, *words = self._fill(benchmark, benchmark.prepare)
            first = (_executable(self.environment.venv, name), *words)
        elif not (benchmark.fresh_home or benchmark.copy):
            return None
        side = self.home.parent
        kept = side.with_name("kept") / side.name / benchmark.name
        return FreshHome(
            folder=self.home,
            kept=kept,
            first=first,
            source=self.targets / benchmark.copy if benchmark.copy else None,
            inside=self._start_folder(benchmark) if benchmark.folder else None,
            env=env,
            timeout_s=benchmark.timeout_s,
            copied=benchmark.own_files,
        )

    def _variables(self, benchmark: Benchmark) -> dict[str, str]:
        filled = self._fill(benchmark, tuple(benchmark.env.values()))
        own = {**self.own, **dict(zip(benchmark.env, filled, strict=True))}
        return subject_environment(self.environment.venv, self.home, own)

    def _fill(self, benchmark: Benchmark, words: tuple[str, ...]) -> tuple[str, ...]:
        """Put in what `{home}` and `{module}` mean, with a fixture `{fixture}` and `{service}`."""
        meant = {"home": str(self.home), "module": self.environment.record.module}
        if not benchmark.fixture:
            return tuple(
                PLACEHOLDER.sub(lambda found: meant.get(found[1], found[0]), word) for word in words
            )
        meant |= {
            "fixture": str(self.fixtures[benchmark.fixture]),
            "service": self.services.get(benchmark.fixture, ""),
            "port": "{port}",  # the driver's to choose
        }
        return tuple(PLACEHOLDER.sub(lambda found: meant[found[1]], word) for word in words)


def control_benchmark() -> Benchmark:
    """The bare interpreter: what every import and command pays before its first own line."""
    return Benchmark(
        name=CONTROL, group="control", statement="sys", note="bare interpreter of the environment"
    )


def _executable(venv: Path, name: str) -> str:
    own = venv / "bin" / name
    if os.access(own, os.X_OK):
        return str(own)
    raise NotPresentError(f"no command {name!r} in this revision's environment")
