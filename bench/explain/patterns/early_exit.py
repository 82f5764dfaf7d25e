"""Could a command answer before it does its work? What `--version` and `--help` need at least."""

from __future__ import annotations

import dataclasses

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import Runner
from bench.explain.rank.analysis import Analysis, Pattern
from bench.explain.rank.recording import take_times

_VERSION = frozenset({"--version", "-V", "version"})
_HELP = frozenset({"--help", "-h", "help"})
_RUNS = 7
_NAME = "answer-alone"


def early_exit(
    analysis: Analysis, runner: Runner, bare: Invocation, least_s: float
) -> Pattern | None:
    """What is left when only the answer's own modules are imported, which no exit can go below.

    `bare` runs a bare interpreter of the environment. None where the command asks for something
    else, or where nothing worth having is left. Raises `NotCountedError`.
    """
    program = _program(analysis)
    if not program:
        return None
    benchmark = Benchmark(name=_NAME, statement=program)
    invocation = dataclasses.replace(bare, argv=(*bare.argv[:-1], program))
    bound_s = take_times(runner, benchmark, invocation, _RUNS).process_s
    saving_s = analysis.process_s - bound_s
    beyond_s = saving_s - analysis.best_s
    if max(saving_s, 0.0) < least_s:
        return None
    return Pattern(
        "early exit",
        " ".join(analysis.scenario.command),
        f"an interpreter that does no more than `{program}` takes {bound_s * 1e3:.1f} ms of CPU "
        f"time; the set above leaves {(analysis.process_s - analysis.best_s) * 1e3:.1f} ms, so "
        f"{max(beyond_s, 0.0) * 1e3:.1f} ms at most are left for an exit before all other work",
        "answer at the beginning of the entry point, before anything else is imported, if what "
        "is left is worth a second way through the program",
        "a bound: that interpreter, measured",
        cost_s=analysis.process_s,
        saving_s=max(beyond_s, 0.0),
        pays=beyond_s >= least_s,
    )


def _program(analysis: Analysis) -> str:
    words = analysis.scenario.command[1:]
    distribution = analysis.environment.recipe.distribution
    if len(words) == 1 and words[0] in _VERSION:
        return f"from importlib.metadata import version; print(version({distribution!r}))"
    if words and words[-1] in _HELP:
        return "import argparse; argparse.ArgumentParser().format_help()"
    return ""
