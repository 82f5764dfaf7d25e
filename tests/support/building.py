"""Build the sample project's environments in this process."""

from __future__ import annotations

from bench.core.revision import Pair
from bench.core.target import Target, parse_target
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
    target = target or parse_target(target_text())
    repo = None if target.released else sandbox.repository
    pair = resolve(sandbox, revisions, target)
    announce = (said if said is not None else []).append
    return Builder(
        target=target,
        pair=pair,
        workspace=sandbox.workspace,
        announce=announce,
        repo=repo,
        dependencies=dependencies,
    ).build(interpreter)
