"""Build the sample project's environments in this process."""

from __future__ import annotations

import dataclasses

from bench.core.revision import Pair
from bench.core.target import Target, parse_target
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Dependencies, Environments
from bench.engine.revisions.resolve import resolve_range
from support.sandbox import Sandbox, target_text


def resolve(sandbox: Sandbox, revisions: str, target: Target | None = None) -> Pair:
    """The pair in the sample repository, or on the index when the target is a released one."""
    target = target or parse_target(target_text())
    repo = None if target.released else sandbox.repository
    return resolve_range(target, revisions, sandbox.workspace, repo)


def build_pair(
    sandbox: Sandbox,
    interpreter: Interpreter,
    revisions: str,
    *,
    target: Target | None = None,
    dependencies: Dependencies = Dependencies.OWN,
    said: list[str] | None = None,
) -> Environments:
    """Both environments; `said` hears what is announced."""
    builder = _builder(sandbox, revisions, target, said)
    return dataclasses.replace(builder, dependencies=dependencies).build(interpreter)


def build_one(sandbox: Sandbox, interpreter: Interpreter, revisions: str) -> Environment:
    """The environment of the base alone."""
    return _builder(sandbox, revisions).build_one(interpreter)


def _builder(
    sandbox: Sandbox,
    revisions: str,
    target: Target | None = None,
    said: list[str] | None = None,
) -> Builder:
    target = target or parse_target(target_text())
    return Builder(
        target=target,
        pair=resolve(sandbox, revisions, target),
        workspace=sandbox.workspace,
        announce=(said if said is not None else []).append,
        repo=None if target.released else sandbox.repository,
    )
