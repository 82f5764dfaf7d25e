"""A pair's change, split: what the project's own code did, and what other packages did.

Two runs of one pair share an environment, base with the packages of head: one compares base with it
(`--deps packages`), one compares it with head (`--deps head`). The whole change is their product.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.core.options import PACKAGES
from bench.core.result import Evaluation, Result
from bench.core.verdict import Interval
from bench.engine.environments.dependencies import DependencyChange, changed_packages
from bench.engine.statistics.products import product
from bench.engine.store.manifest import Manifest

_HEADS = "head"


@dataclass(frozen=True)
class Parts:
    """One benchmark: the result of its own code, and that of the packages; None: not measured."""

    name: str
    own: Result
    packages: Result

    @property
    def whole(self) -> Interval | None:
        """Both together; None where one of them has no figure, or has it by another clock."""
        own, packages = self.own.size, self.packages.size
        if own is None or packages is None or own.metric is not packages.metric:
            return None
        return product(own.interval, packages.interval)


@dataclass(frozen=True)
class Split:
    """One pair on one Python and machine; `changes` are the packages that differ."""

    own: Manifest
    packages: Manifest
    parts: tuple[Parts, ...]

    @property
    def changes(self) -> tuple[DependencyChange, ...]:
        """Third-party packages that differ between base's environment and the shared one."""
        return changed_packages(self.packages.base, self.packages.head)


def belong_together(own: Manifest, packages: Manifest) -> bool:
    """Whether two runs share the environment in the middle, a Python and a machine."""
    return (
        packages.options.dependencies == PACKAGES
        and own.options.dependencies == _HEADS
        and packages.head.key == own.base.key
        and (packages.python, packages.machine.name) == (own.python, own.machine.name)
    )


def split_of(own: tuple[Manifest, Evaluation], packages: tuple[Manifest, Evaluation]) -> Split:
    """The benchmarks that both runs have, the control aside."""
    theirs = {one.name: one for one in packages[1].results}
    parts = tuple(
        Parts(one.name, one, theirs[one.name])
        for one in own[1].results
        if one.name in theirs and not one.is_control
    )
    return Split(own[0], packages[0], parts)
