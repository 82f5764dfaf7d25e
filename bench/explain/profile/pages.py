"""The page of a profile: `README.md`, with the pictures and raw files beside it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from bench.core.sample import Side
from bench.core.target import Kind
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.pair_page import pair_blocks
from bench.explain.profile.session import Profile
from bench.explain.profile.single_page import single_blocks
from bench.explain.profile.tables import overheads
from bench.formats.markdown import bullets, document, fenced, heading, plain, prose


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
    if profile.sides.benchmark.kind is not Kind.SCRIPT:
        yield "The process alone, for hyperfine:"
        yield fenced(_hyperfine(profile), "sh")


def _hyperfine(profile: Profile) -> str:
    """What starts the same process under hyperfine, from the root of the checkout."""
    bare = profile.sides.base
    variables = [
        shlex.quote(f"{name}={value}")
        for name, value in sorted(bare.env.items())
        if name not in {"PATH", "HOME", "TMPDIR", "PYTHONPATH"}
    ]
    sides = [Side.BASE] if profile.pair.is_same else list(Side)
    commands = [
        f"-n {side} {shlex.quote(_from_here(profile.sides.side(side).argv))}" for side in sides
    ]
    return (
        f'env -i PATH="$PATH" HOME="$(mktemp -d)" {" ".join(variables)} \\\n'
        f"  hyperfine --warmup 5 --min-runs 30 --export-json hyperfine.json \\\n  "
        + " \\\n  ".join(commands)
    )


def _from_here(argv: tuple[str, ...]) -> str:
    program = Path(argv[0])
    here = Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    return shlex.join((str(shown), *argv[1:]))


def _again(profile: Profile) -> str:
    pair = profile.pair
    what = pair.base.name if pair.is_same else f"{pair.base.name}..{pair.head.name}"
    provenance = profile.environments.side(Side.BASE).record.provenance
    words = (
        f"nox -s profile-{profile.target.name} -- {what} --python {profile.python} "
        f"--scenario {profile.sides.benchmark.name}"
    )
    return f"Python {provenance.python}. `{words}`"
