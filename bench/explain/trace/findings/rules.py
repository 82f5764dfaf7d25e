"""All rules, applied to one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bench.explain.trace.findings.connections import new_connections, retries, version_check
from bench.explain.trace.findings.content import independent, payloads, redundant, serialisation
from bench.explain.trace.findings.finding import ROUND_TRIPS_S, BoundaryFinding, Evidence
from bench.explain.trace.findings.starts import (
    cold_start,
    exits,
    process_starts,
    repeated_imports,
)

_WORTH_S = 0.0005
_RULES: tuple[Callable[[Evidence], Iterator[BoundaryFinding]], ...] = (
    new_connections,
    redundant,
    independent,
    payloads,
    serialisation,
    retries,
    repeated_imports,
    process_starts,
    exits,
    cold_start,
    version_check,
)


def find(seen: Evidence, far: Mapping[float, Evidence] | None = None) -> list[BoundaryFinding]:
    """What the rules find, the costliest first; nothing that costs or saves less than 0.5 ms.

    `far` are runs with the service so many seconds away: what is found there too tells what it
    would save.
    """
    there = {latency: _by_key(_all(evidence)) for latency, evidence in (far or {}).items()}
    found = [
        replace(one, far={latency: other[one.key] for latency, other in there.items()
                          if one.key in other})
        for one in _all(seen)
    ]  # fmt: skip
    worth = [one for one in found if one.notable or _worth_s(one) >= _WORTH_S]
    return sorted(worth, key=lambda one: (-_worth_s(one), *one.key))


def _all(seen: Evidence) -> list[BoundaryFinding]:
    return [one for rule in _RULES for one in rule(seen)]


def _by_key(findings: list[BoundaryFinding]) -> dict[tuple[str, str], BoundaryFinding]:
    return {one.key: one for one in findings}


def _worth_s(one: BoundaryFinding) -> float:
    """At a distance that is common: the middle one of the round-trip times."""
    return max(one.cost_s, one.saving_s(ROUND_TRIPS_S[1]))
