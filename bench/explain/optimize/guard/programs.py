"""What a scenario does, as lines of Python that start it in any environment of the project."""

from __future__ import annotations

import importlib.metadata
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.core.target import PLACEHOLDER, Benchmark, Kind
from bench.engine.environments.build import Environment


@dataclass(frozen=True, kw_only=True)
class Program:
    """A scenario for the guard test: `words` for a reader, `code` that does it, and how it ends."""

    words: str
    code: str
    statuses: tuple[int, ...] = (0,)
    variables: Mapping[str, str] = field(default_factory=dict)


class NotGuardableError(Exception):
    """A test of the project cannot start this scenario (the message says why)."""


def program_of(
    benchmark: Benchmark, environment: Environment, variables: Mapping[str, str]
) -> Program:
    """How to start a scenario without the harness; `variables` are the target's own.

    Console scripts are looked up here, as looking them up in the test would import modules that
    may be guarded. Raises `NotGuardableError`.
    """
    _check(benchmark)
    words = words_of(benchmark, environment.record.module)
    is_import = benchmark.kind is Kind.IMPORT
    code = words if is_import else _started(shlex.split(words), environment)
    status = benchmark.exit_status
    plain = {
        name: value
        for name, value in {**variables, **benchmark.env}.items()
        if not PLACEHOLDER.search(value)
    }
    return Program(
        words=words,
        code=code,
        statuses=status if isinstance(status, tuple) else (status,),
        variables=plain,
    )


def words_of(benchmark: Benchmark, module: str) -> str:
    """What a scenario does, for a reader; `module` is the name that the project is imported by."""
    if benchmark.kind is Kind.IMPORT:
        return benchmark.import_statement.replace("{module}", module)
    return shlex.join(benchmark.command).replace("'{module}'", module).replace("{module}", module)


def _check(benchmark: Benchmark) -> None:
    needs = {
        "a script": benchmark.kind is Kind.SCRIPT,
        "a service": benchmark.service is not None or benchmark.served,
        "a container": benchmark.container is not None,
        "a fixture": bool(benchmark.fixture),
        "files or a home that are prepared": bool(benchmark.files or benchmark.prepare),
        "input": bool(benchmark.stdin or benchmark.stdin_file),
    }
    found = next((what for what, needed in needs.items() if needed), None)
    if found:
        raise NotGuardableError(f"{benchmark.name} needs {found}, which a test does not have")


def _started(command: list[str], environment: Environment) -> str:
    """Lines that do what a command line does."""
    first, *words = command
    if first == "python" and words[:1] == ["-m"] and len(words) > 1:
        module, *rest = words[1:]
        return (
            f"import runpy\nimport sys\nsys.argv = {[module, *rest]!r}\n"
            f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        )
    if first == "python" and words[:1] == ["-c"] and len(words) > 1:
        return f"import sys\nsys.argv = {['-c', *words[2:]]!r}\n{words[1]}"
    for module, function in _entry_points(first, environment):
        lines = f"import sys\nsys.argv = {command!r}\nfrom {module} import "
        return f"{lines}{function.partition('.')[0]}\nsys.exit({function}())"
    raise NotGuardableError(f"{first} is not a console script that a distribution declares")


def _entry_points(name: str, environment: Environment) -> list[tuple[str, str]]:
    folders = [str(one) for one in environment.venv.glob("lib/python*/site-packages")]
    return [
        (point.module, point.attr)
        for found in importlib.metadata.distributions(path=folders)
        for point in found.entry_points
        if point.group == "console_scripts" and point.name == name and point.attr
    ]
