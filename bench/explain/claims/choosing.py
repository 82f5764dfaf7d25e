"""Which benchmarks can test a claim: declared ones, or ones made for it.

A command or an import that is declared is taken by what it runs; a script by its name, where the
commit changes what it measures. What is not declared is made: an import of the project's, a command
of the project's, a function while those of the project's tests run that name it.
"""

from __future__ import annotations

import enum
import hashlib
import itertools
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from bench.core.target import Benchmark, Kind, Target
from bench.explain.claims.code import CommitCode, DefinedAt
from bench.explain.claims.mentions import Mention, MentionKind, Vocabulary
from bench.explain.claims.messages import MessageClaim
from bench.explain.optimize.guard.programs import words_of

_LONGEST = 60
_MOST = 4
_MOST_MODULES = 2
_USUAL_OPTIONS = {"--help", "--version"}
_SHORTEST_STEM = 4
_PLAIN_WORD = re.compile(r"[\w./:=@+-]+")


class ChosenBy(enum.StrEnum):
    """How a benchmark came to test a claim."""

    COMMAND = "the command it names"
    IMPORT = "the import it names"
    NAME = "a benchmark by its name"
    TESTS = "the project's tests of the function"
    CHANGED = "the import of what it changes"


class ClaimBenchmark(msgspec.Struct, frozen=True, kw_only=True):
    """A benchmark that may test a claim; `declared`: the target's file has it."""

    benchmark: Benchmark
    chosen_by: ChosenBy
    declared: bool

    def what(self, module: str) -> str:
        """What it measures, for a reader; `module` is the name the project is imported by."""
        benchmark = self.benchmark
        if benchmark.is_started:
            return words_of(benchmark, module)
        return benchmark.function or benchmark.name

    @property
    def is_suite(self) -> bool:
        """Whether the project's tests are run for it."""
        return self.benchmark.is_suite


@dataclass(frozen=True)
class ChosenBenchmark:
    """The candidates for a claim, the best first, or why there is none.

    `what` is what the claim is of, in words: a command, an import, a function.
    """

    what: str
    kind: MentionKind | None
    candidates: tuple[ClaimBenchmark, ...] = ()
    reason: str = ""


def vocabulary_of(target: Target) -> Vocabulary:
    """What the target's commands are called, by those that are declared."""
    commands = [one.command for one in target.benchmark if one.command]
    own = [one for one in commands if one[0] not in {"python", "sh", "bash"}]
    programs = dict.fromkeys([*(one[0] for one in own), *target.distributions])
    return Vocabulary(programs=tuple(programs), commands=tuple(one[1:] for one in own))


def choose(claim: MessageClaim, target: Target, code: CommitCode) -> ChosenBenchmark:
    """What can test a claim of a commit."""
    named = list(_named(claim, target, code))
    places = [one for each in claim.mentions for one in _places(each, claim, code)]
    found = [*named]
    if not any(one.chosen_by in {ChosenBy.COMMAND, ChosenBy.IMPORT} for one in named):
        found += _of_tests(places, code)
    if not found and claim.deferral:
        found += _of_changed(target, code)
    if found:
        kept = tuple(found[:_MOST])
        return ChosenBenchmark(kept[0].what(target.modules[0]), _kind(kept[0]), kept)
    return ChosenBenchmark(*_told(claim, places), reason=_why_not(claim, code, places))


def _named(claim: MessageClaim, target: Target, code: CommitCode) -> Iterator[ClaimBenchmark]:
    """Benchmarks for what it names first of what there is, then declared scripts by their names."""
    for mention in claim.mentions:
        if mention.kind is MentionKind.FUNCTION:
            if code.functions_named(mention.name, mention.file, anywhere=False):
                break
            continue
        one = (
            _command(mention.name, target)
            if mention.kind is MentionKind.COMMAND
            else _import(mention.name, target, code)
        )
        if one is not None:
            yield one
            return
    if not claim.is_of_function:
        yield from _scripts(claim, target, code)


def _command(words: str, target: Target) -> ClaimBenchmark | None:
    try:
        wanted = tuple(shlex.split(words))
    except ValueError:
        return None
    for one in target.benchmark:
        if one.command and one.command[1:] == wanted:
            return ClaimBenchmark(benchmark=one, chosen_by=ChosenBy.COMMAND, declared=True)
    programs = vocabulary_of(target).programs
    is_bare = len(wanted) == 1 and wanted[0] not in _USUAL_OPTIONS
    if is_bare or not programs or not all(map(_PLAIN_WORD.fullmatch, wanted)):
        return None
    made = Benchmark(name=_slug("command", " ".join(wanted)), command=(programs[0], *wanted))
    return ClaimBenchmark(benchmark=made, chosen_by=ChosenBy.COMMAND, declared=False)


def _import(name: str, target: Target, code: CommitCode) -> ClaimBenchmark | None:
    """An import of the project's, by a statement, a module, a file, or a class."""
    if name.startswith("from "):
        module = name.split()[1]
        statement = name if code.module_named(module) else None
    elif "." in name or name in target.modules:
        statement = code.module_named(name)
    else:
        module = code.class_named(name) or ""
        statement = f"from {module} import {name}" if module else None
    if statement is None:
        return None
    return _of_import(statement, target, ChosenBy.IMPORT)


def _of_import(statement: str, target: Target, chosen_by: ChosenBy) -> ClaimBenchmark:
    """The declared benchmark of an import, or one that is made."""
    for one in target.benchmark:
        if one.statement and _imported(one.statement) == _imported(statement):
            return ClaimBenchmark(benchmark=one, chosen_by=chosen_by, declared=True)
    made = Benchmark(name=_slug("import", _imported(statement)), statement=statement)
    return ClaimBenchmark(benchmark=made, chosen_by=chosen_by, declared=False)


def _imported(statement: str) -> str:
    """The module that is loaded: `rich.console` of `from rich.console import Console`."""
    found = re.match(r"(?:from|import)\s+([\w.]+)", statement)
    return found[1] if found else statement


def _scripts(claim: MessageClaim, target: Target, code: CommitCode) -> Iterator[ClaimBenchmark]:
    """Declared scripts whose names the claim has, where the commit changes what they need."""
    changed = {code.modules[path] for path in code.changed}
    for one in target.benchmark:
        if one.kind is not Kind.SCRIPT or not one.script or not set(one.needs) & changed:
            continue
        words = [word for word in re.split(r"[-_.]", one.name) if len(word) >= _SHORTEST_STEM]
        own = [word for word in words if any(_same_stem(word, told) for told in claim.words)]
        if words and own == words:
            yield ClaimBenchmark(benchmark=one, chosen_by=ChosenBy.NAME, declared=True)


def _same_stem(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_STEM and long.startswith(short)


def _places(mention: Mention, claim: MessageClaim, code: CommitCode) -> list[DefinedAt]:
    if mention.kind is not MentionKind.FUNCTION:
        return []
    anywhere = claim.is_of_function
    return code.functions_named(mention.name, mention.file, anywhere=anywhere)[:1]


def _of_tests(places: Sequence[DefinedAt], code: CommitCode) -> Iterator[ClaimBenchmark]:
    for place in places[:1]:
        for number, tests in enumerate(itertools.islice(code.tests_of(place), _MOST)):
            name = _slug("function", place.address.rpartition(":")[2], f"{tests}{number}")
            made = Benchmark(name=name, group="function", pytest=tests, function=place.address)
            yield ClaimBenchmark(benchmark=made, chosen_by=ChosenBy.TESTS, declared=False)


def _of_changed(target: Target, code: CommitCode) -> Iterator[ClaimBenchmark]:
    """Imports of the modules that a commit changes: where it defers imports, they get faster."""
    modules = [code.modules[path] for path in code.changed]
    found = [_of_import(one, target, ChosenBy.CHANGED) for one in modules]
    yield from sorted(found, key=lambda one: not one.declared)[:_MOST_MODULES]


def _slug(kind: str, words: str, distinct: str = "") -> str:
    """A name for a benchmark; `distinct` tells those apart that would have the same."""
    plain = re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-.")
    name = f"{kind}-{plain}"
    if distinct or len(name) > _LONGEST:
        digest = hashlib.sha256(f"{words}{distinct}".encode()).hexdigest()[:6]
        name = f"{name[: _LONGEST - 7].rstrip('-.')}-{digest}"
    return name


def _kind(one: ClaimBenchmark) -> MentionKind:
    if one.benchmark.command:
        return MentionKind.COMMAND
    return MentionKind.IMPORT if one.benchmark.statement else MentionKind.FUNCTION


def _told(claim: MessageClaim, places: Sequence[DefinedAt]) -> tuple[str, MentionKind | None]:
    if places:
        return places[0].address, MentionKind.FUNCTION
    subject = claim.subject
    if subject is None or not (claim.is_of_function or subject.kind is MentionKind.COMMAND):
        return "", None
    return subject.name, subject.kind


def _why_not(claim: MessageClaim, code: CommitCode, places: Sequence[DefinedAt]) -> str:
    if not code.changed:
        return "the commit changes no module of the package"
    if places:
        return f"no test of the project names {places[0].name} or what calls it"
    if claim.is_of_function:
        return f"there is no function {claim.mentions[0].name} on both sides"
    if claim.mentions and claim.mentions[0].kind is MentionKind.COMMAND:
        return f"{claim.mentions[0].name} is no command that can be started by itself"
    return "it names no command, import or function that is here on both sides"
