"""What is said of a profile or a trace in titles, captions and the command that repeats it."""

from __future__ import annotations

import os
import shlex

from bench.core.program import session
from bench.core.revision import Pair
from bench.core.sample import Side
from bench.core.target import Benchmark, Kind, word_of
from bench.explain.profile.session import Profile
from bench.formats.text import counted


def process_words(benchmark: Benchmark) -> str:
    """The process as one would type it."""
    if benchmark.kind is Kind.COMMAND:
        return shlex.join(benchmark.command)
    if benchmark.kind is Kind.IMPORT:
        return benchmark.import_statement
    return benchmark.suite or f"bm_{benchmark.script}"


def profiled_words(profile: Profile) -> str:
    """What was profiled."""
    return process_words(profile.sides.benchmark)


def revision_words(profile: Profile, side: Side) -> str:
    """`codeflash 70e3ce1a67, Python 3.13.0`."""
    return f"{profile.target.name} {profile.pair.side(side).label}, {_python(profile, side)}"


def pair_words(profile: Profile) -> str:
    """`codeflash 7351d0f0ba..70e3ce1a67, Python 3.13.0`."""
    return f"{profile.target.name} {profile.pair.label}, {_python(profile, Side.BASE)}"


def _python(profile: Profile, side: Side) -> str:
    return f"Python {profile.environments.side(side).record.provenance.python}"


def load_words(load: float) -> str:
    """The machine's load when a profile or trace began: what its times rest on."""
    cpus = os.cpu_count() or 1
    busy = " (**loaded**: times are longer than on a quiet machine)" if load > cpus / 2 else ""
    return f"Load of the machine at the start: {load:.1f} on {counted(cpus, 'CPU')}{busy}."


def repeat_command(name: str, target: str, pair: Pair, python: str, scenario: str) -> str:
    """The command that makes a page again."""
    what = pair.base.name if pair.is_same else f"{pair.base.name}..{pair.head.name}"
    which = f"{word_of(target)} {what} --python {python} --scenario {scenario}"
    return session(name, which)
