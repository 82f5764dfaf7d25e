"""Under which conditions a pair was measured: load, harness, tests, packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from bench.formats.text import joined
from bench.report.pair.control import DOUBTFUL
from bench.report.pair.gate_section import gate_line, short_reason
from bench.report.pair.notes import NOISY_OTHERS, dependency_changes
from bench.report.select_runs import Evaluated, Shown


def conditions(runs: Sequence[Shown]) -> str:
    """One line for the top of a page; what differs between runs names them."""
    loads = other_load(runs)
    if len(loads) == len(runs) and loads[-1] <= NOISY_OTHERS:  # all are quiet: one range will do
        load = f"quiet: other processes used {_range(loads)} in the median"
    else:
        load = _labelled(runs, _load)
    return " | ".join((load, *(_labelled(runs, fact) for fact in (_harness, _tests, _packages))))


def _labelled(runs: Sequence[Shown], fact: Callable[[Shown], str]) -> str:
    found: dict[str, list[str]] = {}
    for one in runs:
        found.setdefault(fact(one), []).append(_run_name(one))
    if len(found) == 1:
        return next(iter(found))
    return " | ".join(f"{words} ({'; '.join(names)})" for words, names in found.items())


def _run_name(one: Shown) -> str:
    return one.name.removeprefix("Python ")


def short_conditions(runs: Sequence[Evaluated]) -> str:
    """The same for a cell: `loaded 49% · dirty · tests not run`."""
    shares = other_load(runs)
    load = f"{_quiet(shares)} {_range(shares)}" if shares else "load unknown"
    harness = "dirty" if any(map(is_dirty, runs)) else "clean"
    ran = [one.run.gate is not None and one.run.gate.was_run for one in runs]
    fails = any(one.run.gate is not None and one.run.gate.newly_fails for one in runs)
    reasons = dict.fromkeys(
        short_reason(one.run.gate) for one, was_run in zip(runs, ran, strict=True) if not was_run
    )
    not_run = f"tests not run ({'; '.join(reasons)})"
    tests = "**tests fail**" if fails else "tested" if all(ran) else not_run
    doubtful = [f"**{DOUBTFUL}**"] * any(one.evaluation.doubtful for one in runs)
    return " · ".join((*doubtful, load, harness, tests))


def load_words(runs: Sequence[Shown]) -> str:
    """What other processes used, run by run: `0% (3.12; 3.13) and 40% (3.13, e2e) of the machine`.

    "" where no run recorded it.
    """
    by_load: dict[str, list[str]] = {}
    for one in runs:
        for load in other_load([one]):
            by_load.setdefault(f"{load:.0%}", []).append(_run_name(one))
    if len(by_load) == 1:
        return f"{next(iter(by_load))} of the machine"
    cells = [f"{load} ({'; '.join(names)})" for load, names in by_load.items()]
    return f"{joined(cells)} of the machine" if cells else ""


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
    words = f"{_quiet(shares)}: other processes used {_range(shares)} in the median"
    return f"⚠ {words}" if shares[-1] > NOISY_OTHERS else words


def is_dirty(one: Evaluated) -> bool:
    """Whether the harness had uncommitted changes."""
    return one.run.manifest.harness.get("commit", "").endswith("-dirty")


def _harness(one: Evaluated) -> str:
    return "⚠ harness with uncommitted changes" if is_dirty(one) else "harness clean"


def _tests(one: Evaluated) -> str:
    gate = one.run.gate
    if gate is None or not gate.was_run:
        return f"tests: not run ({short_reason(gate)})"
    return gate_line(one.run).rstrip(".").replace("Tests:", "tests:")


def _packages(one: Evaluated) -> str:
    number = len(dependency_changes(one.run))
    if not number:
        return "same packages on both sides"
    return f"⚠ {number} package{'s differ' if number > 1 else ' differs'}"
