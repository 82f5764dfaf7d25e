"""The page of a profile: `README.md`, with the pictures and raw files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.sample import Side
from bench.profile.artefacts import Artefacts
from bench.profile.pair_page import pair_blocks
from bench.profile.session import Profile
from bench.profile.single_page import single_blocks
from bench.profile.tables import overheads
from bench.report.markdown import bullets, document, heading, plain, prose


def write_profile(profile: Profile, folder: Path) -> Path:
    """Write everything of a scenario; returns its page."""
    artefacts = Artefacts(folder)
    blocks = single_blocks if profile.pair.is_same else pair_blocks
    return artefacts.finish(document((*blocks(profile, artefacts), *_closing(profile))))


def _closing(profile: Profile) -> Iterator[str]:
    """How all of it was obtained, and what was not."""
    taken = profile.taken
    if taken.overheads:
        yield heading(2, "What the profilers cost")
        yield (
            "Wall time of whole processes with and without each profiler, run in turn; medians. "
            "What a profiler adds is in its own figures too, unless said otherwise above."
        )
        yield overheads(taken.overheads)
    if taken.skipped:
        yield heading(2, "Not taken")
        yield bullets(f"{plain(name)}: {prose(why)}" for name, why in taken.skipped.items())
    yield heading(2, "Again")
    yield _again(profile)


def _again(profile: Profile) -> str:
    pair = profile.pair
    what = pair.base.name if pair.is_same else f"{pair.base.name}..{pair.head.name}"
    provenance = profile.environments.side(Side.BASE).record.provenance
    words = (
        f"nox -s profile-{profile.target.name} -- {what} --python {profile.python} "
        f"--scenario {profile.sides.benchmark.name}"
    )
    return f"Python {provenance.python}. `{words}`"
