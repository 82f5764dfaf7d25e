"""`python -m bench run … --deps split`: the two comparisons that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from bench.core.options import SPLIT
from bench.engine.environments.at_once import build_all
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Dependencies, Environments
from bench.engine.session.plan import Plan
from bench.engine.session.watcher import Watcher
from bench.formats.text import joined


@dataclass(frozen=True)
class RunPart:
    """What is measured at once: a plan with the builder of its environments."""

    plan: Plan
    builder: Builder
    is_tested: bool = True


def parts_of(plan: Plan, builder: Builder, watcher: Watcher) -> Iterator[RunPart]:
    """The plan itself; of a split, head against base with head's packages, and that against base.

    Where no package of base differs, or an environment cannot be built, the pair is measured as it
    is.
    """
    if plan.options.dependencies != SPLIT:
        yield RunPart(plan, builder)
        return
    packages_of = replace(builder, dependencies=Dependencies.PACKAGES)
    same: list[Interpreter] = []
    different: list[Interpreter] = []
    for one, built in build_all(packages_of, plan.interpreters):
        differ = isinstance(built, Environments) and built.dependency_changes
        (different if differ else same).append(one)
    if same:
        names = joined([one.version for one in same])
        watcher.say(
            f"Python {names}: not split, since head's versions of what base has are those of base; "
            "what else head requires is part of its own change"
        )
        yield _part(plan, builder, same, Dependencies.OWN)
    if different:
        yield _part(plan, builder, different, Dependencies.HEAD)
        packages = _part(plan, builder, different, Dependencies.PACKAGES)
        options = msgspec.structs.replace(packages.plan.options, counters=False)
        yield RunPart(replace(packages.plan, options=options), packages.builder, is_tested=False)


def _part(
    plan: Plan, builder: Builder, interpreters: Iterable[Interpreter], chosen: Dependencies
) -> RunPart:
    options = msgspec.structs.replace(plan.options, dependencies=str(chosen))
    of_part = replace(plan, options=options, interpreters=tuple(interpreters))
    return RunPart(of_part, replace(builder, dependencies=chosen))
