"""What an early exit of `--version` and `--help` would save at most."""

from __future__ import annotations

import dataclasses

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import Runner
from bench.explain.rank.ranking import Pattern, Ranking
from bench.explain.rank.recording import take_process

_VERSION = frozenset({"--version", "-V", "version"})
_HELP = frozenset({"--help", "-h", "help"})
_RUNS = 7
_NAME = "answer-alone"


def early_exit(
    ranking: Ranking, runner: Runner, bare: Invocation, least_s: float
) -> Pattern | None:
    """The bound: a process that imports only the modules its answer needs.

    `bare` runs a bare interpreter of the environment. None where the command asks for something
    else, or where less than `least_s` would be saved. Raises `NotCountedError`.
    """
    program = _program(ranking)
    if not program:
        return None
    benchmark = Benchmark(name=_NAME, statement=program)
    invocation = dataclasses.replace(bare, argv=(*bare.argv[:-1], program))
    bound_s = take_process(runner, benchmark, invocation, _RUNS)
    saving_s = ranking.process_s - bound_s
    beyond_s = saving_s - ranking.best_s
    if max(saving_s, 0.0) < least_s:
        return None
    return Pattern(
        kind="early exit",
        where=" ".join(ranking.scenario.command),
        evidence=f"an interpreter that only runs `{program}` takes {bound_s * 1e3:.1f} ms of CPU "
        "time; with the set above deferred the command takes "
        f"{(ranking.process_s - ranking.best_s) * 1e3:.1f} ms, so an early exit saves at most "
        f"{max(beyond_s, 0.0) * 1e3:.1f} ms more",
        change="answer at the beginning of the entry point, before anything else is imported, if "
        "that is worth a second path through the program",
        backed_by="an upper bound: that interpreter, measured",
        cost_s=ranking.process_s,
        saving_s=max(beyond_s, 0.0),
        pays=beyond_s >= least_s,
    )


def _program(ranking: Ranking) -> str:
    words = ranking.scenario.command[1:]
    distribution = ranking.environment.recipe.distribution
    if len(words) == 1 and words[0] in _VERSION:
        return f"from importlib.metadata import version; print(version({distribution!r}))"
    if words and words[-1] in _HELP:
        return "import argparse; argparse.ArgumentParser().format_help()"
    return ""
