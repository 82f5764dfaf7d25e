"""What a scenario reads at a revision: run once under the observer, then read by the harness."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.core.target import Benchmark
from bench.engine.environments.build import Environment
from bench.engine.environments.startup import start_files
from bench.engine.measure.client import Invocation
from bench.engine.revisions.git import Clone
from bench.explain.attribute.reach import ANYWHERE, Reads
from bench.explain.checks.committed import CommittedFiles
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import ToldProcess, own_packages, told_by
from bench.explain.counters.running import Runner

_PYC_HEADER = 16
_VARIABLES = {"BENCH_OBSERVER_READS": "1"}
_INFO = re.compile(r"-[^-/]+\.(dist|egg)-info\b")
_DIGITS = 7  # of a commit's hash, as versions have them


def take_reads(
    runner: Runner,
    benchmark: Benchmark,
    invocation: Invocation,
    environment: Environment,
    clone: Clone,
) -> Reads:
    """Run once; raises `NotCountedError` where the scenario does not work."""
    told, silent = told_by(runner, benchmark, invocation, _VARIABLES)
    seen = _Seen(environment, clone)
    paths = sorted(set(_paths(told, invocation.folder or invocation.cwd)))
    files = [one for one in map(Path, paths) if one.is_file() and seen.is_inside(one)]
    named = {one: seen.committed.path_of(seen.source_of(one)) for one in files if seen.is_own(one)}
    listed = {one for process in told for one in process["listed"]}
    return Reads(
        files=frozenset(filter(None, named.values())),
        digest=seen.digest(files, {one for one, path in named.items() if not path}),
        built=frozenset(seen.short(one) for one, path in named.items() if not path),
        asked=frozenset(name for process in told for name in process["asked"]),
        listed=frozenset(seen.listed(listed, named)),
        modules=frozenset(name for process in told for name in process["modules"]),
        started=_unobserved(told),
        blind=bool(silent),
    )


def _paths(told: Iterable[ToldProcess], start: Path) -> Iterator[str]:
    """What was opened, and where modules came from: some were there before the observer."""
    for process in told:
        yield from (str(start / one) for one in process["opened"])
        yield from (str(_loaded(Path(file))) for file, _ in process["modules"].values() if file)


def _loaded(file: Path) -> Path:
    """What is read of a module: its bytecode; its source has been opened where there is none."""
    if file.suffix != ".py":
        return file
    compiled = sorted(file.parent.joinpath("__pycache__").glob(f"{file.stem}.*.pyc"))
    return next((one for one in compiled if one.name.count(".") == 2), file)


def _unobserved(told: Sequence[ToldProcess]) -> tuple[str, ...]:
    """What is started besides the processes that told something; "" for none."""
    started = [command for process in told for command in process["started"]]
    return tuple(sorted(set(started))) if len(started) > len(told) - 1 else ()


@dataclass(frozen=True)
class _Seen:
    """An environment, as what was read in it is looked at."""

    environment: Environment
    clone: Clone

    @cached_property
    def committed(self) -> CommittedFiles:
        return CommittedFiles.of(self.clone, self.environment.record.revision.identity)

    @cached_property
    def _own(self) -> tuple[Path, ...]:
        own = own_packages(self.environment)
        name = re.sub(r"[-_.]+", "_", self.environment.record.distribution)
        infos = [
            folder
            for site in self.environment.venv.glob("lib/python*/site-packages")
            for folder in site.glob("*.dist-info")
            if folder.name.rpartition("-")[0].lower() == name.lower()
        ]
        return (*own_folders(self.environment, own), *infos)

    def is_inside(self, file: Path) -> bool:
        return file.is_relative_to(self.environment.venv)

    def is_own(self, file: Path) -> bool:
        source = self.source_of(file)
        return any(source == one or source.is_relative_to(one) for one in self._own)

    def source_of(self, file: Path) -> Path:
        """The source of a compiled module; other files are their own."""
        if file.suffix != ".pyc" or file.parent.name != "__pycache__":
            return file
        source = file.parent.parent / f"{file.name.partition('.')[0]}.py"
        return source if source.is_file() else file

    def short(self, file: Path) -> str:
        """A path below the environment, without versions."""
        inside = str(self.source_of(file).relative_to(self.environment.venv))
        return _INFO.sub(r"-*.\1-info", inside)

    def listed(self, folders: Iterable[str], named: dict[Path, str]) -> Iterator[str]:
        """Folders of the repository for those of the project that the program lists."""
        known = {
            str(self.source_of(file).parent): path.rpartition("/")[0]
            for file, path in named.items()
            if path
        }
        for folder in folders:
            if any(Path(folder) == one or Path(folder).is_relative_to(one) for one in self._own):
                yield known.get(folder, ANYWHERE)

    def digest(self, files: Iterable[Path], built: set[Path]) -> str:
        """Of all content: compiled modules without the time of their sources."""
        made = hashlib.sha256()
        lines = {
            f"{self.short(one)} {one.suffix} {self._content(one, made_by_build=one in built)}"
            for one in files
        }
        starting = start_files(self.environment)
        lines |= {f"{name} {value}" for name, value in (starting.files if starting else {}).items()}
        for line in sorted(lines):
            made.update(line.encode() + b"\n")
        return made.hexdigest()[:16]

    def _content(self, file: Path, *, made_by_build: bool) -> str:
        """The SHA-256 of a file, as it would be in any environment."""
        if made_by_build:
            content = self._without_version(self.source_of(file).read_bytes())
        else:
            content = file.read_bytes()
            if file.suffix == ".pyc":
                content = content[_PYC_HEADER:]
        folder = str(self.environment.venv).encode()
        return hashlib.sha256(content.replace(folder, b"<environment>")).hexdigest()

    def _without_version(self, content: bytes) -> bytes:
        """What a build makes, without the version that it may compute from the commit."""
        record = self.environment.record
        version, commit = record.provenance.version, record.revision.identity[:_DIGITS]
        content = re.sub(re.escape(commit).encode() + rb"[0-9a-f]*", b"<commit>", content)
        content = content.replace(version.encode(), b"<version>")
        parts = ", ".join(repr(int(one)) if one.isdigit() else repr(one)
                          for one in re.split(r"[.+]", version))  # fmt: skip
        return content.replace(parts.encode(), b"<version>")
