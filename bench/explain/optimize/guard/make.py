"""A guard for a revision: the test's text, the settings of ruff, and what is left out of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.core.target import Benchmark, Target
from bench.engine.environments.build import Environment
from bench.explain.optimize.guard.programs import NotGuardableError, program_of
from bench.explain.optimize.guard.settings import RuffSettings, ruff_settings
from bench.explain.optimize.guard.test_text import Guarded, guard_test
from bench.explain.optimize.project import Form
from bench.explain.rank.lazily import FIRST_LAZY
from bench.explain.rank.sources import ModuleSource


@dataclass(frozen=True)
class MadeGuard:
    """A guard: `modules` by scenario, the test ("" where nothing can be guarded), the settings.

    `left_out` says why a scenario is in no test.
    """

    modules: dict[str, tuple[str, ...]]
    test: str
    settings: RuffSettings
    left_out: tuple[str, ...] = ()


def make_guard(
    target: Target,
    environment: Environment,
    benchmarks: Sequence[Benchmark],
    modules: Mapping[str, Collection[str]],
    *,
    form: Form = Form.FUNCTION,
    sources: Sequence[ModuleSource] = (),
    eager: Collection[str] = (),
) -> MadeGuard:
    """The guard for `modules` by scenario, in an environment of the optimised revision.

    `sources` are the project's own modules there; `eager` those whose deferring failed a check.
    """
    guarded: dict[str, Guarded] = {}
    left_out = []
    for one in benchmarks:
        names = tuple(sorted(modules.get(one.name, ())))
        if not names:
            continue
        try:
            program = program_of(one, environment, target.env)
        except NotGuardableError as error:
            left_out.append(str(error))
        else:
            guarded[one.name] = Guarded(program, names)
    project = environment.record.distribution
    since = (3, 0) if form is Form.FUNCTION else FIRST_LAZY
    everything = {name for names in modules.values() for name in names}
    return MadeGuard(
        {name: one.modules for name, one in guarded.items()},
        guard_test(project, list(guarded.values()), since) if guarded else "",
        ruff_settings(form, everything, sources, eager),
        tuple(left_out),
    )
