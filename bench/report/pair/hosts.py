"""The host as a factor: ratios within each host, whether hosts agree, and what they say together.

Absolute times of different hosts are never pooled; not even shown in one row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.result import Result
from bench.core.variants import python_order
from bench.engine.statistics.between_hosts import BetweenHosts, between_hosts
from bench.formats.markdown import heading, plain, table
from bench.formats.text import change, share
from bench.report.select_runs import OnMachine, Shown


@dataclass(frozen=True)
class _OnHost:
    """A benchmark's ratio on one host, with the standard error of its logarithm."""

    result: Result
    cpu_model: str
    log_ratio: float
    error: float


def hosts_section(machines: Sequence[OnMachine], level: int) -> Iterator[str]:
    """A table for each Python that was measured on several hosts."""
    pythons = {one.python for on in machines for one in on.shown}
    for setting in dict.fromkeys(on.setting for on in machines):
        for python in sorted(pythons, key=python_order):
            by_host = {
                on.machine.name: one
                for on in machines
                for one in on.shown
                if (one.python, on.setting) == (python, setting) and not one.part
            }
            if len(by_host) < 2:
                continue
            name = plain(next(iter(by_host.values())).name)
            yield heading(level, f"Across hosts, {name}")
            yield _explanation(by_host)
            yield table(_columns(by_host), list(_rows(by_host)))


def _explanation(by_host: dict[str, Shown]) -> str:
    models = {one.run.manifest.machine.cpu_model for one in by_host.values()}
    if len(models) > 1:
        return (
            f"Ratios within each host. Their CPUs are of {len(models)} models, so they are not "
            "combined: a change may be worth more on one than on the other."
        )
    return (
        "Ratios within each host; *together* takes the host as a random effect (Hartung and Knapp, "
        "95%), so it holds for hosts like these and widens where they disagree. *Between hosts* is "
        "how far their true ratios lie apart (standard deviation), and which part of the observed "
        "scatter that is (I²)."
    )


def _columns(by_host: dict[str, Shown]) -> tuple[str, ...]:
    return ("benchmark", *by_host, "together", "between hosts")


def _rows(by_host: dict[str, Shown]) -> Iterator[list[str]]:
    names = dict.fromkeys(
        result.name for one in by_host.values() for result in one.evaluation.results
    )
    for name in names:
        found = {host: _on_host(one, name) for host, one in by_host.items()}
        cells = [
            change(one.result.size.interval) if one and one.result.size else "–"
            for one in found.values()
        ]
        yield [name, *cells, *_together([one for one in found.values() if one])]


def _on_host(one: Shown, name: str) -> _OnHost | None:
    result = next((each for each in one.evaluation.results if each.name == name), None)
    if result is None or result.size is None:
        return None
    error = result.size.error
    if not (math.isfinite(error) and error > 0):
        return None
    model = one.run.manifest.machine.cpu_model
    return _OnHost(result, model, math.log(result.size.interval.ratio), error)


def _together(found: Sequence[_OnHost]) -> tuple[str, str]:
    if len(found) < 2 or len({one.cpu_model for one in found}) > 1:
        return "–", "–"
    combined = between_hosts(
        np.array([one.log_ratio for one in found]), np.array([one.error for one in found])
    )
    return change(combined.interval), _spread(combined)


def _spread(combined: BetweenHosts) -> str:
    if not combined.share:
        return "none beyond their own errors"
    return f"{share(combined.spread)} (I² {combined.share:.0%})"
