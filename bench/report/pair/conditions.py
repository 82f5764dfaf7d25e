"""Under which conditions a pair was measured: load, harness, tests, packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from bench.report.pair.gate_section import gate_line
from bench.report.pair.notes import NOISY_OTHERS, dependency_changes
from bench.report.select_runs import Evaluated, Shown


def conditions(runs: Sequence[Shown]) -> str:
    """One line for the top of a page; what differs between runs names them."""
    facts = (_load, _harness, _tests, _packages)
    return " | ".join(filter(None, (_labelled(runs, fact) for fact in facts)))


def _labelled(runs: Sequence[Shown], fact: Callable[[Shown], str]) -> str:
    found: dict[str, list[str]] = {}
    for one in runs:
        found.setdefault(fact(one), []).append(one.name.removeprefix("Python "))
    if len(found) == 1:
        return next(iter(found))
    return " | ".join(f"{words} ({'; '.join(names)})" for words, names in found.items())


def short_conditions(runs: Sequence[Evaluated]) -> str:
    """The same for a cell: `loaded 49% · dirty · tests not run`."""
    shares = other_load(runs)
    load = f"{_quiet(shares)} {_range(shares)}" if shares else "load unknown"
    harness = "dirty" if any(map(_is_dirty, runs)) else "clean"
    ran = [one.run.gate is not None and one.run.gate.was_run for one in runs]
    fails = any(one.run.gate is not None and one.run.gate.newly_fails for one in runs)
    tests = "**tests fail**" if fails else "tested" if all(ran) else "tests not run"
    return " · ".join((load, harness, tests))


def other_load(runs: Sequence[Evaluated]) -> list[float]:
    """What other processes used of the machine, 0 to 1: the median over each run's benchmarks."""
    found = []
    for one in runs:
        seen = [
            result.disturbance.others for result in one.evaluation.results if result.disturbance
        ]
        found += [median(seen)] if seen else []
    return sorted(found)


def _quiet(shares: Sequence[float]) -> str:
    return "loaded" if shares[-1] > NOISY_OTHERS else "quiet"


def _range(shares: Sequence[float]) -> str:
    low, high = f"{shares[0]:.0%}", f"{shares[-1]:.0%}"
    return low if low == high else f"{low[:-1]}–{high}"


def _load(one: Evaluated) -> str:
    shares = other_load([one])
    if not shares:
        return "load not recorded"
    words = f"{_quiet(shares)} {_range(shares)}"
    return f"⚠ {words}" if shares[-1] > NOISY_OTHERS else words


def _is_dirty(one: Evaluated) -> bool:
    return one.run.manifest.harness.get("commit", "").endswith("-dirty")


def _harness(one: Evaluated) -> str:
    return "⚠ harness with uncommitted changes" if _is_dirty(one) else "harness clean"


def _tests(one: Evaluated) -> str:
    line = gate_line(one.run).rstrip(".").replace("Tests:", "tests:")
    return line.partition(" (")[0] if "not run" in line else line


def _packages(one: Evaluated) -> str:
    number = len(dependency_changes(one.run))
    if not number:
        return "same packages on both sides"
    return f"⚠ {number} package{'s differ' if number > 1 else ' differs'}"
