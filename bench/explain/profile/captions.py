"""What stands above a profile's pictures and pages."""

from __future__ import annotations

import shlex

from bench.core.sample import Side
from bench.core.target import Kind
from bench.explain.profile.session import Profile


def process_words(profile: Profile) -> str:
    """The process as one would type it."""
    benchmark = profile.sides.benchmark
    if benchmark.kind is Kind.COMMAND:
        return shlex.join(benchmark.command)
    if benchmark.kind is Kind.IMPORT:
        return benchmark.import_statement
    return f"bm_{benchmark.script}"


def revision_words(profile: Profile, side: Side) -> str:
    """`codeflash 70e3ce1a67, Python 3.13.0`."""
    python = profile.environments.side(side).record.provenance.python
    return f"{profile.target.name} {profile.pair.side(side).label}, Python {python}"


def pair_words(profile: Profile) -> str:
    """`codeflash 7351d0f0ba..70e3ce1a67, Python 3.13.0`."""
    python = profile.environments.base.record.provenance.python
    return f"{profile.target.name} {profile.pair.label}, Python {python}"
