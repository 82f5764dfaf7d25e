"""Hold head's tests against base's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from bench.engine.testgate.junit import FAILING, Case

Cases = Mapping[str, Case]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of tests, sorted; see `bench.core.gate.Gate`."""

    newly_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0


def compare(base: Cases, head: Cases) -> Comparison:
    """What changed between the two. A test base skipped or did not have can newly fail as well."""
    was, now = _failing(base), _failing(head)
    fixed = {name for name in was if head.get(name) is Case.PASSED}
    return Comparison(
        newly_failing=tuple(sorted(now - was)),
        fixed=tuple(sorted(fixed)),
        still_failing=tuple(sorted(now & was)),
        added=len(head.keys() - base.keys()),
        removed=len(base.keys() - head.keys()),
    )


def without_flaky(found: Comparison, base_again: Cases, head_again: Cases) -> Comparison:
    """Take back what a second run did not confirm: it passes on head, or now fails on base too."""
    flaky = {
        name
        for name in found.newly_failing
        if head_again.get(name) is Case.PASSED or base_again.get(name) in FAILING
    }
    confirmed = _without(found.newly_failing, flaky)
    return msgspec.structs.replace(
        found, newly_failing=confirmed, flaky=tuple(sorted((*found.flaky, *flaky)))
    )


def _failing(cases: Cases) -> set[str]:
    return {name for name, case in cases.items() if case in FAILING}


def _without(names: Collection[str], taken: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in taken)
