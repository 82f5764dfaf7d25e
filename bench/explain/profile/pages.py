"""The page of a profile: `README.md`, with the pictures and raw files beside it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from bench.core.sample import Side
from bench.core.target import Kind
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import repeat_command
from bench.explain.profile.pair_page import pair_blocks
from bench.explain.profile.session import Profile
from bench.explain.profile.single_page import single_blocks
from bench.explain.profile.tables import overheads
from bench.formats.markdown import bullets, code, document, fenced, heading, plain, prose

_SET_BY_COMMAND = {"PATH", "HOME", "TMPDIR", "PYTHONPATH"}


def write_profile(profile: Profile, folder: Path) -> Path:
    """Write everything of a scenario; returns its page."""
    artefacts = Artefacts(folder)
    blocks = single_blocks if profile.pair.is_same else pair_blocks
    return artefacts.finish(document((*blocks(profile, artefacts), *_closing(profile))))


def _closing(profile: Profile) -> Iterator[str]:
    """How all of it was obtained, and what was not."""
    taken = profile.taken
    if taken.overheads:
        yield heading(2, "Overhead of the profilers")
        yield (
            "Wall time of whole processes with and without each profiler, run in turn; medians. "
            "The overhead is included in a profiler's figures, unless said otherwise above."
        )
        yield overheads(taken.overheads)
    if taken.skipped:
        yield heading(2, "Not available")
        yield bullets(f"{plain(name)}: {prose(why)}" for name, why in taken.skipped.items())
    yield heading(2, "Repeat it")
    name = profile.sides.benchmark.name
    yield code(repeat_command("profile", profile.target.name, profile.pair, profile.python, name))
    if profile.sides.benchmark.kind is not Kind.SCRIPT:
        yield "The process alone, for hyperfine:"
        yield fenced(_hyperfine(profile), "sh")


def _hyperfine(profile: Profile) -> str:
    """What starts the same process under hyperfine, from the root of the checkout."""
    variables = [
        shlex.quote(f"{name}={value}")
        for name, value in sorted(profile.sides.base.env.items())
        if name not in _SET_BY_COMMAND
    ]
    sides = [Side.BASE] if profile.pair.is_same else list(Side)
    commands = [
        f"-n {side} {shlex.quote(_from_here(profile.sides.side(side).argv))}" for side in sides
    ]
    return " \\\n  ".join(
        (
            f'env -i PATH="$PATH" HOME="$(mktemp -d)" {" ".join(variables)}',
            "hyperfine --warmup 5 --min-runs 30 --export-json hyperfine.json",
            *commands,
        )
    )


def _from_here(argv: tuple[str, ...]) -> str:
    program = Path(argv[0])
    here = Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    return shlex.join((str(shown), *argv[1:]))
